"""What Schemathesis does beside its own: looks for leaks in every answer, and waits no long waits.

https://schemathesis.readthedocs.io/en/stable/guides/extending/
"""

import re
from typing import Any, Final
from urllib.parse import unquote

import msgspec
import schemathesis

LONGEST_WAIT = "0.2"

LEAK: Final = re.compile(
    r"Traceback \(most|File \"|(?:site|dist)-packages|/(?:usr|home|opt|root|srv|var)/|\w\.py\b"
    r"|<class |object at 0x|Exception\b"
    r"|\b(?:werkzeug|flask|gunicorn|msgspec|urllib3|grpc|google\.(?:api_core|auth|cloud))\b",
    re.IGNORECASE,
)
"""Signs of the inside: stacks, paths, modules, and what dependencies write."""


@schemathesis.hook
def before_call(_: Any, case: Any, __: Any) -> None:
    """Ask for a short wait where a long one is allowed: there are thousands of them."""
    wait = (case.query or {}).get("wait")
    if re.fullmatch(r"[12]?\d(\.\d+)?|30(\.0+)?", str(wait)):
        case.query["wait"] = LONGEST_WAIT


@schemathesis.hook
def filter_query(_: Any, query: Any) -> bool:
    """Leave out what is nothing once it is written as a query, and so no violation."""
    values = query.values() if isinstance(query, dict) else ()
    return not any(isinstance(value, list | dict) and not value for value in values)


@schemathesis.check
def shows_nothing_of_the_inside(_: Any, response: Any, __: Any) -> None:
    """Fails for an answer with a sign of the inside that was not in the request itself."""
    said = _without_tracebacks(response.content)
    request = response.request
    body = request.body or b""
    sent = unquote(request.url or "") + (body if isinstance(body, str) else body.decode("latin-1"))
    for found in LEAK.finditer(said):
        if found[0] not in sent:
            raise AssertionError(f"the answer has {found[0]!r}")


def _without_tracebacks(content: bytes) -> str:
    """The answer as text, but for what only operators see: the tracebacks of handlers."""
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return content.decode("latin-1")
    return msgspec.json.encode(_shown(answer)).decode()


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items() if name != "traceback"}
    return value
