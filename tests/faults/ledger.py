"""What the handlers really did, kept outside the system under test: a file of JSON lines."""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A handler started or ended. `at` and `lease_end` are seconds since the epoch."""

    job_id: str
    attempt: int
    event: str
    at: float
    lease_end: float
    process: int


@contextmanager
def recorded(path: str, job_id: str, attempt: int, lease_end: float) -> Iterator[None]:
    """Write down the start and the end of what happens in the block."""
    _write(path, job_id, attempt, "start", lease_end)
    try:
        yield
    finally:
        _write(path, job_id, attempt, "end", lease_end)


def _write(path: str, job_id: str, attempt: int, event: str, lease_end: float) -> None:
    entry = Entry(
        job_id=job_id,
        attempt=attempt,
        event=event,
        at=time.time(),
        lease_end=lease_end,
        process=os.getpid(),
    )
    # One write to a file opened for appending is whole, whoever else writes.
    with Path(path).open("ab", buffering=0) as file:
        file.write(msgspec.json.encode(entry) + b"\n")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a handler. `ended` is None if its process was killed."""

    attempt: int
    started: float
    ended: float | None
    lease_end: float


def runs_by_job(path: Path) -> dict[str, list[Run]]:
    """Every job's runs in the order of their starts."""
    starts: dict[tuple[str, int, int], Entry] = {}
    ends: dict[tuple[str, int, int], float] = {}
    order: list[tuple[str, int, int]] = []
    for entry in _entries(path):
        key = (entry.job_id, entry.attempt, entry.process)
        if entry.event == "start":
            # The same process may run the same attempt again, after it was handed back.
            if key in starts:
                key = (*key[:2], -len(order))
            starts[key] = entry
            order.append(key)
        else:
            ends[key] = entry.at
    runs: dict[str, list[Run]] = defaultdict(list)
    for key in order:
        start = starts[key]
        runs[key[0]].append(
            Run(
                attempt=start.attempt,
                started=start.at,
                ended=ends.get(key),
                lease_end=start.lease_end,
            )
        )
    return runs


def _entries(path: Path) -> Iterable[Entry]:
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(Entry)
    for line in path.read_bytes().splitlines():
        yield decoder.decode(line)
