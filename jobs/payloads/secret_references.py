"""References to secrets: `{"$secret": "github-token"}` in a payload, in place of a string. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from jobs.errors import InvalidRequest
from jobs.payloads import exact_json

REFERENCE: Final = "$secret"
NAME_PATTERN: Final = "[A-Za-z0-9_-]{1,255}"
"""As Secret Manager names secrets."""
MAX_REFERENCES: Final = 20

PLACEHOLDER: Final = "https://secret.invalid/"
"""Stands for a secret while the payload is checked, before the value is known.

Fits where the usual strings go: texts, headers, URLs. The name can never exist (RFC 2606).
"""

_name = re.compile(NAME_PATTERN)


Step = str | int
"""A member's name or an element's number."""
ValueOf = Callable[[str, Sequence[Step]], str]
"""The value of the name, for a reference that stands there."""

_escaped = re.compile(r"\$(\$+secret)")


def resolved(payload: bytes | msgspec.Raw, value_of: ValueOf) -> bytes:
    """The payload with each reference replaced by the value of its name.

    `{"$$secret": ...}` is how data is written that looks like a reference, and loses one `$`. A
    payload without either comes back as it is. Raises `InvalidRequest` for an object that has
    `$secret` and is no reference, and for more than `MAX_REFERENCES` of them.
    """
    text = bytes(payload)
    # The name may be written with escapes.
    if REFERENCE.encode() not in text and b"\\u" not in text:
        return text
    try:
        walk = _Walk(value_of)
        replaced = walk.through(exact_json.read(text), ())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"{error} - at `$.payload`") from error
    return exact_json.write(replaced) if walk.changes else text


def checked(payload: bytes | msgspec.Raw, check: Callable[[str, Sequence[Step]], object]) -> bytes:
    """The payload with a placeholder for each reference, to be validated as the job type's.

    Raises `InvalidRequest`, also as `check` does for a name that may not stand there.
    """

    def placeholder(name: str, where: Sequence[Step]) -> str:
        check(name, where)
        return PLACEHOLDER

    return resolved(payload, placeholder)


def as_data(value: Any) -> Any:
    """Plain data, written so that nothing in it is taken for a reference.

    For whatever a payload is filled with that its submitter has not written.
    """
    if isinstance(value, list | tuple):
        return [as_data(item) for item in value]
    if isinstance(value, Mapping):
        return {
            f"${name}" if _is_like_a_reference(name) else name: as_data(item)
            for name, item in value.items()
        }
    return value


def placed(where: Sequence[Step]) -> str:
    """A place in a payload, as errors name it."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in where)
    return f"$.payload{''.join(steps)}"[:200]


def _is_like_a_reference(name: Any) -> bool:
    return isinstance(name, str) and (name == REFERENCE or bool(_escaped.fullmatch(name)))


class _Walk:
    def __init__(self, value_of: ValueOf) -> None:
        self._value_of = value_of
        self._count = 0
        self.changes = False

    def through(self, value: Any, where: tuple[Step, ...]) -> Any:
        if isinstance(value, list):
            return [self.through(item, (*where, number)) for number, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if REFERENCE in value:
            self.changes = True
            return self._value_of(self._name_in(value, where), where)
        return {
            self._name(name): self.through(item, (*where, name)) for name, item in value.items()
        }

    def _name(self, name: str) -> str:
        escaped = _escaped.fullmatch(name)
        self.changes = self.changes or bool(escaped)
        return f"{escaped[1]}" if escaped else name

    def _name_in(self, reference: dict[str, Any], where: tuple[Step, ...]) -> str:
        name = reference[REFERENCE]
        if len(reference) > 1 or not isinstance(name, str) or not _name.fullmatch(name):
            raise InvalidRequest(
                f'A reference to a secret is {{"{REFERENCE}": "NAME"}} and nothing else, its name'
                f" of letters, digits, `-` and `_` - at `{placed(where)}`"
            )
        self._count += 1
        if self._count > MAX_REFERENCES:
            raise InvalidRequest(f"A payload has at most {MAX_REFERENCES} references to secrets.")
        return name
