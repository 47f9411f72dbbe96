"""Text of the service, made harmless for a terminal.

A job's log or error is written by whoever can submit, and read by whoever operates: an escape
sequence in it could retitle a window, hide lines, or answer for the reader.
"""

import json
import re
from typing import Any, Final

import msgspec

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1, except for tab and newline, and what turns the direction of writing."""


def safe(text: object) -> str:
    """The text, with control characters written out."""
    return _CONTROL.sub(lambda found: _written_out(found[0]), str(text))


def one_line(text: object) -> str:
    """As `safe`, for a cell of a table."""
    return safe(text).replace("\n", "\\n").replace("\t", " ")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """JSON for people and pipes: umlauts as they are, control characters escaped."""
    plain = msgspec.to_builtins(value, enc_hook=_raw, str_keys=True)
    text = json.dumps(plain, ensure_ascii=False, indent=indent)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _raw(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    raise TypeError(type(value).__name__)


def _written_out(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004 - Latin-1
