"""`./dev test`: every check and every test, one after another."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.console import Console
from local.processes import ROOT

_BIN = Path(sys.executable).parent
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command as check; check()"
SIDE_BY_SIDE = ("--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder")
"""Two files of tests at a time: each process starts emulators of its own, so not more."""


@dataclass(frozen=True)
class Check:
    name: str
    command: tuple[str, ...]
    quiet: bool = True
    """Whether its output matters only if it fails."""


@dataclass(frozen=True)
class CheckOutcome:
    check: Check
    status: int
    seconds: float

    @property
    def line(self) -> str:
        result = "ok" if self.status == 0 else f"FAILED (exit status {self.status})"
        return f"{self.check.name:<14} {result}, {self.seconds:.1f} s"


def checks(pytest_arguments: Sequence[str]) -> tuple[Check, ...]:
    # As modules: scripts name the folder in which they were installed, which may be moved.
    mypy = (sys.executable, "-m", "mypy")
    pytest = (sys.executable, "-m", "pytest", *SIDE_BY_SIDE)
    # Of a part there is nothing to learn from it.
    coverage = () if pytest_arguments else ("--cov", "--cov-report=term")
    return (
        Check("lint", (f"{_BIN}/ruff", "check", ".")),
        Check("format", (f"{_BIN}/ruff", "format", "--check", ".")),
        Check("types", mypy),
        # The client is for an older Python than everything else.
        Check("client's types", (*mypy, "--python-version=3.10", "client/dormouse")),
        Check("import rules", (sys.executable, "-c", _LINT_IMPORTS)),
        Check("tests", (*pytest, *coverage, *pytest_arguments), quiet=False),
    )


def run_checks(console: Console, pytest_arguments: Sequence[str]) -> int:
    """Runs every check, also after one has failed. Returns 0 if all went well."""
    outcomes = []
    for check in checks(pytest_arguments):
        outcome = _run(console, check)
        outcomes.append(outcome)
        console.line(_coloured(console, outcome))
    console.line()
    for outcome in outcomes:
        console.line(_coloured(console, outcome))
    return 0 if all(outcome.status == 0 for outcome in outcomes) else 1


def format_code() -> int:
    """`./dev fmt`: mend what can be mended, and format."""
    for arguments in (["check", "--fix-only", "--quiet", "."], ["format", "."]):
        ran = subprocess.run([f"{_BIN}/ruff", *arguments], cwd=ROOT, check=False)  # noqa: S603 - ours
        if ran.returncode:
            return ran.returncode
    return 0


def _run(console: Console, check: Check) -> CheckOutcome:
    start = time.monotonic()
    process = subprocess.Popen(  # noqa: S603 - the commands are our own
        check.command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if check.quiet else None,
        stderr=subprocess.STDOUT if check.quiet else None,
        text=True,
    )
    with _signals_go_to(process):
        output, _ = process.communicate()
    outcome = CheckOutcome(check, process.returncode, time.monotonic() - start)
    if output and outcome.status != 0:
        console.line(output.rstrip())
    return outcome


@contextmanager
def _signals_go_to(process: subprocess.Popen[str]) -> Iterator[None]:
    """Let the check end itself, and clean up; then this process ends by the same signal."""
    received: list[int] = []

    def hand_on(number: int, _frame: Any) -> None:
        received.append(number)
        if number != signal.SIGINT:  # Ctrl-C reaches the whole group by itself
            process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, hand_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        sys.exit(128 + received[0])


def _coloured(console: Console, outcome: CheckOutcome) -> str:
    return console.styled(outcome.line, "green" if outcome.status == 0 else "red")
