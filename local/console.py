"""Writes to the terminal, from many threads, as long as there is one."""

import os
import sys
import threading
import unicodedata
from collections.abc import Callable
from typing import TextIO

_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Console:
    """Whole lines, coloured on a terminal. https://no-color.org is obeyed."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._gone = False
        self.colour = self._stream.isatty() and not os.environ.get("NO_COLOR")
        self.when_gone: Callable[[], None] = lambda: None
        """Called once, if the terminal, or whoever reads, has gone away."""

    def line(self, text: str = "") -> None:
        with self._lock:
            if self._gone:
                return
            try:
                self._stream.write(f"{text}\n")
                self._stream.flush()
            except OSError:
                self._gone = True
        if self._gone:
            self.when_gone()

    def styled(self, text: str, *styles: str) -> str:
        return style(text, *styles) if self.colour else text


def printable(text: str, *, kept: str = "\t") -> str:
    """The text without what a terminal obeys: control characters and turns of the direction.

    Whoever submits a job decides what is logged of it, and must not decide what a screen shows.
    """
    return "".join(
        sign if sign in kept or unicodedata.category(sign) not in _OBEYED else _escaped(sign)
        for sign in text
    )


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode()


def style(text: str, *styles: str) -> str:
    codes = ";".join(_STYLES[name] for name in styles)
    return f"\033[{codes}m{text}\033[0m"
