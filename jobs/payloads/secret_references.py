"""References to secrets: `{"$secret": "github-token"}` in a payload, in place of a string. Pure."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from jobs.errors import InvalidRequest

REFERENCE: Final = "$secret"
NAME_PATTERN: Final = "[A-Za-z0-9_-]{1,255}"
"""As Secret Manager names secrets."""
MAX_REFERENCES: Final = 20

PLACEHOLDER: Final = "https://secret.invalid/"
"""Stands for a secret while the payload is checked, before the value is known.

Fits where the usual strings go: texts, headers, URLs. The name can never exist (RFC 2606).
"""

_name = re.compile(NAME_PATTERN)


def resolved(payload: bytes | msgspec.Raw, value_of: Callable[[str], str]) -> bytes:
    """The payload with each reference replaced by the value of its name.

    A payload without references comes back as it is. Raises `InvalidRequest` for an object that
    has `$secret` and is no reference, and for more than `MAX_REFERENCES` of them.
    """
    text = bytes(payload)
    # The name may be written with escapes.
    if REFERENCE.encode() not in text and b"\\u" not in text:
        return text
    try:
        walk = _Walk(value_of)
        replaced = walk.through(msgspec.json.decode(text), "$.payload")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"{error} - at `$.payload`") from error
    return msgspec.json.encode(replaced) if walk.count else text


def checked(payload: bytes | msgspec.Raw, allowed: frozenset[str]) -> bytes:
    """The payload with a placeholder for each reference, to be validated as the job type's.

    Raises `InvalidRequest`, also for a name that is not among the allowed.
    """

    def placeholder(name: str) -> str:
        if name not in allowed:
            raise InvalidRequest(f"There is no secret {name!r} that a payload may refer to.")
        return PLACEHOLDER

    return resolved(payload, placeholder)


class _Walk:
    def __init__(self, value_of: Callable[[str], str]) -> None:
        self._value_of = value_of
        self.count = 0

    def through(self, value: Any, path: str) -> Any:
        if isinstance(value, list):
            return [self.through(item, f"{path}[{number}]") for number, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if REFERENCE in value:
            return self._value_of(self._name_in(value, path))
        return {name: self.through(item, f"{path}.{name}") for name, item in value.items()}

    def _name_in(self, reference: dict[str, Any], path: str) -> str:
        name = reference[REFERENCE]
        if len(reference) > 1 or not isinstance(name, str) or not _name.fullmatch(name):
            raise InvalidRequest(
                f'A reference to a secret is {{"{REFERENCE}": "NAME"}} and nothing else, its name'
                f" of letters, digits, `-` and `_` - at `{path[:200]}`"
            )
        self.count += 1
        if self.count > MAX_REFERENCES:
            raise InvalidRequest(f"A payload has at most {MAX_REFERENCES} references to secrets.")
        return name
