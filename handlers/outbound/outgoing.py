"""A request as it will be sent, and what a redirect makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urljoin

from handlers.outbound.response import Response
from handlers.outbound.url import Url
from jobs.context import PermanentError

_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
_FOR_ANY_ORIGIN = frozenset(
    {
        "accept",
        "accept-language",
        "content-language",
        "content-type",
        "idempotency-key",
        "traceparent",
        "user-agent",
    }
)
"""Headers that go along when a redirect leads to another origin. Any other may be a credential."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    url: Url
    method: str
    headers: Mapping[str, str]
    body: bytes | None

    def redirected(self, response: Response) -> "Outgoing | None":
        """The request that the answer asks for instead; None if it asks for none.

        Methods change as in RFC 9110, 15.4, and in browsers. Raises `PermanentError` for a target
        that is no URL for us, or leads from https to http.
        """
        if response.status not in _REDIRECTS or "location" not in response.headers:
            return None
        url = _target(self.url, response.headers["location"])
        onward = replace(self, url=url)
        if url.origin != self.url.origin:
            kept = {n: v for n, v in self.headers.items() if n.lower() in _FOR_ANY_ORIGIN}
            onward = replace(onward, headers=kept)
        if _becomes_get(response.status, self.method):
            bodiless = {
                n: v for n, v in onward.headers.items() if not n.lower().startswith("content-")
            }
            onward = replace(onward, method="GET", headers=bodiless, body=None)
        return onward


def _target(base: Url, location: str) -> Url:
    # Header bytes arrive as Latin-1, and go out again as the bytes that they are.
    sent = location.strip().encode("latin-1", "replace")
    text = "".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in sent)  # noqa: PLR2004 - printable
    try:
        target = urljoin(str(base), text)
        # A lone `?` is part of a URL, also where it asks nothing; `urljoin` drops it.
        url = Url.parse(f"{target}?" if text.endswith("?") and "?" not in target else target)
    except ValueError as error:
        raise PermanentError(f"{base.host} redirects to what can't be called: {error}.") from error
    if base.scheme == "https" and url.scheme == "http":
        raise PermanentError(f"{base.host} redirects from https to http, which is not followed.")
    return url


def _becomes_get(status: int, method: str) -> bool:
    if method in {"GET", "HEAD"}:
        return False
    if method == "POST" and status in {HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND}:
        return True
    return status == HTTPStatus.SEE_OTHER
