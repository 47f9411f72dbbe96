"""JSON and text without the credentials that somebody wrote out in headers."""

import re
from typing import Any, Final

import msgspec

from jobs.payloads import exact_json
from jobs.payloads.secret_references import REFERENCE

MARK: Final = "[redacted]"
CREDENTIALS: Final = frozenset(
    {"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"}
)
_line = re.compile(rf"(?i)(\b(?:{'|'.join(sorted(CREDENTIALS))})[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n]+")
_hint = re.compile(rb"(?i)authorization|cookie|x-api-key|\\u")


def without_credentials(payload: msgspec.Raw) -> msgspec.Raw:
    """The payload, or what holds one, as whoever may see the job sees it.

    In any object named `headers`, those of `CREDENTIALS` become a mark; a reference to a secret
    stays. A payload without them comes back as it is. Raises what decoding JSON raises.
    """
    # Nearly every payload has none, and lists show a hundred of them.
    if not _hint.search(bytes(payload)):
        return payload
    before = exact_json.read(payload)
    after = _shown(before, in_headers=False)
    return payload if after == before else msgspec.Raw(exact_json.write(after))


def lines_without_credentials(text: str) -> str:
    """The text without the rest of each line, or of each quoted part, that is such a header."""
    return _line.sub(rf"\1{MARK}", text)


def _shown(value: Any, *, in_headers: bool) -> Any:
    if isinstance(value, list):
        return [_shown(item, in_headers=False) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: MARK
        if in_headers and name.lower() in CREDENTIALS and not _is_reference(item)
        else _shown(item, in_headers=name.lower() == "headers")
        for name, item in value.items()
    }


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and REFERENCE in value
