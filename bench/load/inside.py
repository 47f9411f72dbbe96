"""How it looked inside, second by second: told from the services' own logs, after the run.

So nothing is asked of the system that is measured. Its log goes to files, as it goes to Cloud
Logging in a deployment.
"""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec


class Happening(msgspec.Struct, frozen=True):
    """What a service logged about a job, with the time in seconds since the epoch.

    `due` is when a job that waits for another attempt is to go on.
    """

    at: float
    event: str
    job: str
    due: float | None = None


class Second(msgspec.Struct, kw_only=True):
    """One second: how much of each there was in it, and the most that waited or ran at a time.

    `oldest` is the longest wait, in seconds, of a job that was due and waited in it.
    """

    submitted: int = 0
    succeeded: int = 0
    failed: int = 0
    retried: int = 0
    queued: int = 0
    running: int = 0
    oldest: float = 0.0


_PREFIX: Final = b'"event":"job.'
_ENDS: Final = {"job.succeeded": "succeeded", "job.failed": "failed"}
_GOES_ON: Final = frozenset({"job.retrying", "job.paused", "job.handed_back"})


def happenings(log: Iterable[bytes]) -> Iterator[Happening]:
    """What a log says about jobs. Lines about anything else are passed over."""
    for line in log:
        if _PREFIX in line:
            entry: dict[str, Any] = msgspec.json.decode(line)
            yield Happening(
                at=_seconds(entry["time"]),
                event=entry["event"],
                job=entry["job"],
                due=_seconds(entry["run_at"]) if "run_at" in entry else None,
            )


def replay(told: Iterable[Happening], start: float, seconds: int) -> list[Second]:
    """Each second of the run."""
    ordered, place = sorted(told, key=lambda one: one.at), 0
    state, found = _State(), []
    for number in range(seconds):
        end = start + number + 1
        second = state.second()
        while place < len(ordered) and ordered[place].at < end:
            state.apply(ordered[place], second)
            place += 1
        state.end(end, second)
        found.append(second)
    return found


def is_drained(told: Sequence[Happening]) -> bool:
    """Whether every job that was submitted has ended."""
    ended = {one.job for one in told if one.event in _ENDS}
    return {one.job for one in told if one.event == "job.submitted"} <= ended


class _State:
    """Which jobs wait, since when they are due, and which run."""

    def __init__(self) -> None:
        self._waiting: dict[str, float] = {}
        self._later: list[tuple[float, str]] = []
        self._running: set[str] = set()

    def second(self) -> Second:
        """A new one, with what is left of the one before."""
        return Second(queued=len(self._waiting), running=len(self._running))

    def apply(self, one: Happening, second: Second) -> None:
        self._wake(one.at)
        if one.event == "job.submitted":
            second.submitted += 1
            self._waiting[one.job] = one.at
        elif one.event == "job.started":
            self._running.add(one.job)
            second.oldest = max(second.oldest, one.at - self._waiting.pop(one.job, one.at))
        elif one.event in _GOES_ON or one.event in _ENDS:
            self._running.discard(one.job)
            self._waiting.pop(one.job, None)
            if ended := _ENDS.get(one.event):
                setattr(second, ended, getattr(second, ended) + 1)
            else:
                second.retried += one.event == "job.retrying"
                heapq.heappush(self._later, (one.due or one.at, one.job))
        self._see(second)

    def end(self, moment: float, second: Second) -> None:
        self._wake(moment)
        self._see(second)
        since = min(self._waiting.values(), default=moment)
        second.oldest = max(second.oldest, moment - since)

    def _wake(self, moment: float) -> None:
        while self._later and self._later[0][0] <= moment:
            due, job = heapq.heappop(self._later)
            self._waiting[job] = due

    def _see(self, second: Second) -> None:
        second.queued = max(second.queued, len(self._waiting))
        second.running = max(second.running, len(self._running))


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
