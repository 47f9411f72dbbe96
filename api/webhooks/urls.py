"""Which URLs may be told of events. Where they lead is checked when they are called."""

from collections.abc import Collection

from handlers.outbound.url import Url, check_url
from jobs.errors import InvalidRequest


def checked_url(text: str, allowed_hosts: Collection[str], path: str) -> str:
    """The URL itself. Plain http is for a deployment's allowed hosts.

    Raises `InvalidRequest`, which names the path of the member in the body.
    """
    try:
        check_url(text)
    except ValueError as error:
        raise InvalidRequest(f"The body can't be taken: {error} - at `{path}`") from error
    if not text.lower().startswith("https://") and not _is_allowed(text, allowed_hosts):
        raise InvalidRequest(
            f"The body can't be taken: the URL must begin with https:// - at `{path}`"
        )
    return text


def _is_allowed(text: str, allowed_hosts: Collection[str]) -> bool:
    return text.isascii() and Url.parse(text).host_and_port in allowed_hosts
