"""A file in Cloud Storage, read as the service account that the worker runs as.

https://cloud.google.com/storage/docs/json_api/v1/objects/get
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from handlers.outbound.call import request
from handlers.outbound.response import Response
from handlers.outbound.statuses import refusal
from handlers.outbound.url import Url
from jobs.context import Context, PermanentError
from jobs.payloads.buckets import bucket_and_object, check_bucket

STORAGE = "https://storage.googleapis.com"
_TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path
_TOKEN_BYTES = 16 * 1024
_TOKEN_TIMEOUT = timedelta(seconds=10)


class _Token(msgspec.Struct):
    """Of https://cloud.google.com/compute/docs/access/authenticate-workloads#applications."""

    access_token: str


@contextmanager
def request_object(ctx: Context, url: str, timeout: timedelta) -> Iterator[Response]:
    """The answer to asking for the object of a `gs://` URL, of whatever status.

    Raises `PermanentError` for a bucket that jobs may not read from, and where there is no service
    account.
    """
    try:
        check_bucket(url, ctx.buckets.names)
        bucket, name = bucket_and_object(url)
    except ValueError as error:
        raise PermanentError(f"The URL can't be called: {error}.") from error
    place = f"/storage/v1/b/{bucket}/o/{quote(name, safe='', errors='replace')}?alt=media"
    if emulator := ctx.buckets.emulator:
        with request(_reaching(ctx, emulator), emulator + place, timeout=timeout) as response:
            yield response
        return
    # No redirect is followed, so the token goes nowhere else.
    headers = {"Authorization": f"Bearer {_access_token(ctx)}"}
    with request(ctx, STORAGE + place, headers=headers, timeout=timeout) as response:
        yield response


def _access_token(ctx: Context) -> str:
    """From the metadata server, which is on a private address and keeps tokens itself."""
    server = f"http://{ctx.buckets.metadata_host}"
    with request(
        _reaching(ctx, server),
        server + _TOKEN,
        headers={"Metadata-Flavor": "Google"},
        timeout=_TOKEN_TIMEOUT,
    ) as response:
        body = response.read(_TOKEN_BYTES)
        if response.status != HTTPStatus.OK:
            raise refusal(response, body, ctx.now())
    try:
        return msgspec.json.decode(body, type=_Token).access_token
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Without the cause, whose text may have a part of the token.
        raise PermanentError("The metadata server gave no access token.") from None


def _reaching(ctx: Context, server: str) -> Context:
    """A context that may reach this server too. No handler gets it."""
    return replace(ctx, allowed_hosts=ctx.allowed_hosts | {Url.parse(server).host_and_port})
