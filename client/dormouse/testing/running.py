"""The fake's jobs, and how they run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

MAX_ATTEMPTS: Final = 3
FIRST_PAUSE: Final = timedelta(seconds=1)


class Permanent(Exception):
    """Raised by a fake handler: the job fails at once, as with the service's `PermanentError`."""


@dataclass
class FakeContext:
    """The part of a handler's context that the fake offers."""

    job: "FakeJob"
    now: datetime

    def progress(self, fraction: float, message: str = "") -> None:
        """Report how far the attempt is."""
        self.job.progress = {"fraction": fraction, "message": message}

    def log(self, text: str, level: str = "INFO") -> None:
        """Add a line to the job's log."""
        number = len(self.job.log) + 1
        line = {"number": number, "time": self.now.isoformat(), "level": level, "text": text}
        self.job.log.append(line)


Handler = Callable[[Any, FakeContext], Any]


@dataclass
class FakeJob:
    """A job as the fake keeps it. `payload` and `result` are plain values."""

    id: str
    type: str
    payload: Any
    owner: str
    created_at: datetime
    run_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    max_attempts: int = MAX_ATTEMPTS
    notify: str | None = None
    idempotency_key: str | None = None
    status: str = "queued"
    attempt: int = 0
    result: Any = None
    error: dict[str, Any] | None = None
    progress: dict[str, Any] | None = None
    attempts: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_terminal(self) -> bool:
        """True once it has succeeded, failed or been cancelled."""
        return self.status in {"succeeded", "failed", "cancelled"}

    def run(self, handler: Handler, now: datetime) -> None:
        """One attempt."""
        self.attempt += 1
        self.started_at = now
        try:
            self.result = handler(self.payload, FakeContext(self, now))
        except Permanent as error:
            self._failed("permanent_error", error, now, final=True)
        except Exception as error:  # noqa: BLE001 - as the worker: whatever the handler raises
            self._failed("handler_error", error, now, final=self.attempt >= self.max_attempts)
        else:
            self._tell("succeeded", None, now)
            self.status, self.error, self.finished_at = "succeeded", None, now

    def again(self, now: datetime) -> None:
        """Queued anew."""
        self.status, self.attempt, self.run_at = "queued", 0, now
        self.error = self.progress = self.finished_at = self.started_at = None

    def shown(self, *, log: bool = True) -> dict[str, Any]:
        """The JSON of it."""
        path = f"/v1/jobs/{self.id}"
        names = ("id", "type", "status", "owner", "payload", "attempt", "max_attempts")
        more = ("progress", "result", "error", "attempts")
        times = ("created_at", "run_at", "started_at", "finished_at")
        said = {name: getattr(self, name) for name in names + more}
        said |= {name: _told(getattr(self, name)) for name in times}
        said |= {"labels": dict(self.labels), "links": {"self": path}}
        said |= {"notify": {"url": self.notify} if self.notify else None}
        return said | ({"log": self.log} if log else {})

    def _failed(self, code: str, error: Exception, now: datetime, *, final: bool) -> None:
        self.error = {"code": code, "message": str(error), "type": type(error).__name__}
        self._tell("failed", self.error, now)
        if final:
            self.status, self.finished_at = "failed", now
        else:
            self.run_at = now + FIRST_PAUSE * 2 ** (self.attempt - 1)

    def _tell(self, outcome: str, error: dict[str, Any] | None, now: datetime) -> None:
        self.attempts.append(
            {
                "number": self.attempt,
                "started_at": now.isoformat(),
                "ended_at": now.isoformat(),
                "outcome": outcome,
                "worker": "fake",
                "error": error,
            }
        )


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
