"""`./dev test`: all checks run, and the outcome says which failed."""

import io
import sys

import pytest

from local import checks
from local.checks import Check, run_checks
from local.console import Console


def run(monkeypatch: pytest.MonkeyPatch, *codes: str) -> tuple[int, str]:
    """The exit status and the output of a run over checks that are these Python programs."""
    made = tuple(
        Check(f"check-{number}", (sys.executable, "-c", code)) for number, code in enumerate(codes)
    )
    monkeypatch.setattr(checks, "checks", lambda _: made)
    stream = io.StringIO()
    return run_checks(Console(stream), []), stream.getvalue()


def test_success_is_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a check that succeeds prints is not shown."""
    status, output = run(monkeypatch, "print('noise')")
    assert status == 0
    assert "check-0        ok, " in output
    assert "noise" not in output


def test_a_failure_is_shown_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing check shows its output, does not stop the others, and fails the whole."""
    status, output = run(monkeypatch, "print('reason'); exit(3)", "pass")
    assert status == 1
    assert "reason" in output
    summary = output.rsplit("\n\n", 1)[1].splitlines()
    assert summary[0].startswith("check-0        FAILED (exit status 3), ")
    assert summary[1].startswith("check-1        ok, ")


def test_arguments_go_to_pytest() -> None:
    """What follows `./dev test` reaches pytest, and only pytest."""
    *others, tests = checks.checks(["-k", "clock"])
    assert tests.command[-2:] == ("-k", "clock")
    assert not any("clock" in check.command for check in others)
