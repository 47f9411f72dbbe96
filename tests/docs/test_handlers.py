"""The example of docs/handlers.md, run as it stands."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.job.model import Progress
from local.processes import ROOT
from worker.attempts.outcome import HandlerOutcome, Paused, Succeeded
from worker.processes.run import Task, run_handler


class Keeping:
    """A link that keeps the last checkpoint."""

    def __init__(self) -> None:
        self.checkpoint: str | None = None
        self.writes = 0
        self.said: list[tuple[datetime, str, str]] = []

    def report(self, progress: Progress) -> None:
        raise AssertionError(progress)

    def check(self) -> None:
        raise AssertionError

    def remember(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint
        self.writes += 1

    def say(self, time: datetime, level: str, text: str) -> None:
        self.said.append((time, level, text))


def test_long_work_goes_on_in_parts() -> None:
    """The mailing takes three parts of one attempt, opens its batch once, and misses nobody."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/handlers.md").read_text(), re.DOTALL)
    module: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "docs/handlers.md", "exec"), module)  # noqa: S102 - it is our own page
    link = Keeping()

    def part() -> HandlerOutcome:
        task = Task(
            job_id="0" * 32,
            job_type="mailing.send",
            payload=b'{"people": ["ada", "bob", "eve", "joe", "zoe"]}',
            attempt=1,
            max_attempts=1,
            deadline=datetime.now(UTC) + timedelta(minutes=1),
            allowed_hosts=frozenset(),
            checkpoint=link.checkpoint,
        )
        return run_handler(module["REGISTRY"].get("mailing.send"), task, link)

    assert [part(), part()] == [Paused(timedelta(seconds=1))] * 2
    assert part() == Succeeded('{"batch":"batch for 5","letters":5}')
    assert link.writes == 6
