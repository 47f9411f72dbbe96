"""A call: a request, its redirects, its answer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from handlers.outbound.deadline import Deadline
from handlers.outbound.outgoing import Outgoing
from handlers.outbound.response import Response
from handlers.outbound.url import Url
from jobs.context import Context, PermanentError

MAX_REDIRECTS = 5


@contextmanager
def request(
    ctx: Context,
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: timedelta,
    redirects: int = 0,
    only_https: bool = False,
) -> Iterator[Response]:
    """Send a request and give its answer, of whatever status, while the connection is open.

    `timeout` is for all of it, from the first look-up to the last byte; the attempt's remaining
    time bounds it too. With `redirects` at 0 a redirect is an answer like any other. With
    `only_https` only allowed hosts may speak plain http. Raises `PermanentError` for what may not
    be called, `NetworkError` or `TimedOut` for what failed.
    """
    # httpcore is not needed by the API, which imports this module to validate payloads.
    from handlers.outbound.exchange import exchange  # noqa: PLC0415

    deadline = Deadline(min(timeout, ctx.remaining))
    outgoing = Outgoing(url=_parse(url), method=method, headers=dict(headers or {}), body=body)
    left = redirects
    while True:
        if only_https:
            _check_https(outgoing.url, ctx)
        _check_host(outgoing.url, ctx)
        with exchange(outgoing, ctx.allowed_hosts, deadline) as response:
            onward = outgoing.redirected(response) if redirects else None
            if onward is None:
                yield response
                return
        if not left:
            raise PermanentError(f"{outgoing.url.host} redirects more than {redirects} times.")
        left -= 1
        outgoing = onward


def _parse(url: str) -> Url:
    try:
        return Url.parse(url)
    except ValueError as error:
        raise PermanentError(f"The URL can't be called: {error}.") from error


def _check_host(url: Url, ctx: Context) -> None:
    """Each hop: a redirect must not carry a secret away either."""
    if ctx.only_hosts is not None and not {url.host, url.host_and_port} & ctx.only_hosts:
        allowed = ", ".join(sorted(ctx.only_hosts)) or "no host"
        raise PermanentError(
            f"A secret of this payload is for {allowed} only, and {url.host} was called."
        )


def _check_https(url: Url, ctx: Context) -> None:
    if url.scheme != "https" and url.host_and_port not in ctx.allowed_hosts:
        raise PermanentError("The URL must begin with https://.")
