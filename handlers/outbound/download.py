"""A file at a URL, on the web or in Cloud Storage."""

from contextlib import AbstractContextManager
from datetime import timedelta
from http import HTTPStatus
from typing import BinaryIO

from handlers.outbound.call import MAX_REDIRECTS, request
from handlers.outbound.response import Response
from handlers.outbound.statuses import refusal
from handlers.outbound.storage import request_object
from handlers.outbound.url import check_url
from jobs.context import Context, PermanentError
from jobs.payloads.buckets import bucket_and_object, is_in_storage

_CHECK_BYTES = 8 * 1024 * 1024
_EXCERPT_BYTES = 1024


def check_file_url(text: str) -> None:
    """Raise `ValueError` if the text can't be what `download` takes. Looks nothing up."""
    if is_in_storage(text):
        bucket_and_object(text)
    else:
        check_url(text)


def download(ctx: Context, url: str, into: BinaryIO, *, at_most: int, timeout: timedelta) -> None:
    """Stream the file at the https URL, which may redirect, or the `gs://` URL.

    Looks for a cancellation on the way.

    Raises `PermanentError` for more than `at_most` bytes, unpacked, for a content coding other than
    gzip, and for plain http, which only an allowed host may speak; `RetryAfter` or
    `RetryableStatus` where the server wants patience; `NetworkError` where the connection failed.
    """
    with _answer(ctx, url, timeout) as response:
        if response.status != HTTPStatus.OK:
            raise refusal(response, response.read(_EXCERPT_BYTES), ctx.now())
        if packed := response.headers.get("content-encoding"):
            raise PermanentError(f"{response.url.host} sent the file packed as {packed!r}.")
        received = 0
        next_check = _CHECK_BYTES
        for chunk in response.chunks():
            received += len(chunk)
            if received > at_most:
                raise PermanentError(f"The file at the URL is larger than {at_most:,} bytes.")
            into.write(chunk)
            if received >= next_check:
                next_check += _CHECK_BYTES
                ctx.check()


def _answer(ctx: Context, url: str, timeout: timedelta) -> AbstractContextManager[Response]:
    if is_in_storage(url):
        return request_object(ctx, url, timeout)
    return request(ctx, url, timeout=timeout, redirects=MAX_REDIRECTS, only_https=True)
