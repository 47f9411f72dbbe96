"""Which headers a caller may send, and which of an answer are kept."""

import re
from collections.abc import Mapping

MAX_HEADERS = 50
MAX_VALUE_LENGTH = 8192
MAX_KEPT_LENGTH = 1000

REFUSED = frozenset(
    {
        # They frame the message or belong to one connection (RFC 9110, 7.6.1).
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        # They are for whoever stands between.
        "forwarded",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "via",
        # They open the metadata servers of Google and Azure.
        "metadata",
        "metadata-flavor",
        "x-google-metadata-request",
    }
)

KEPT_OF_ANSWER = frozenset(
    {
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "date",
        "etag",
        "expires",
        "idempotent-replayed",
        "last-modified",
        "link",
        "location",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "x-request-id",
    }
)
"""Never `Set-Cookie`: a result is read by whoever may read the job."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise `ValueError` for headers that can't be sent for a caller. The text names the header.

    A line break in a value would begin another header or another request.
    """
    seen: set[str] = set()
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name[:100]!r} is no name of a header")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"the header {name} has a value beyond printable ASCII")
        lower = name.lower()
        if lower in REFUSED:
            raise ValueError(f"the header {name} may not be set")
        if lower in seen:
            raise ValueError(f"the header {name} is given twice")
        seen.add(lower)


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that a result shows."""
    return {
        name: value[:MAX_KEPT_LENGTH] for name, value in headers.items() if name in KEPT_OF_ANSWER
    }
