"""The console: whole lines, and no harm when nobody reads them any more."""

import io

import pytest

from local.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets colours unless NO_COLOR is set; a file never does."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Console(Terminal()).styled("x", "red") == "\033[31mx\033[0m"
    assert Console(io.StringIO()).styled("x", "red") == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert Console(Terminal()).styled("x", "red") == "x"


def test_a_reader_that_has_gone_is_told_once() -> None:
    """Writing to a closed pipe does not fail, and says once that it is closed."""
    told: list[bool] = []
    console = Console(Closed())
    console.when_gone = lambda: told.append(True)
    console.line("one")
    console.line("two")
    assert told == [True]
