"""The job type `http.request`: a call to somebody else's server, made durably."""

import time
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from handlers import outbound
from handlers.outbound.body import as_text_or_base64
from handlers.outbound.headers import (
    KEPT_OF_ANSWER,
    MAX_HEADERS,
    MAX_KEPT_LENGTH,
    MAX_VALUE_LENGTH,
    check_headers,
    kept_headers,
)
from handlers.outbound.trace import passed_on
from handlers.outbound.url import MAX_URL_LENGTH, check_url
from jobs.context import Context
from jobs.job.retry import RetryPolicy
from jobs.job_types import job_type

MAX_BODY_BYTES = 64 * 1024
LONGEST = timedelta(minutes=5)

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[
        str,
        Meta(
            max_length=MAX_URL_LENGTH,
            description="Where to call, https or http. Must be a public host; no credentials.",
            examples=["https://api.example.com/v1/orders"],
        ),
    ]
    method: Annotated[
        Method | None, Meta(description="If not given: POST with a body, GET without.")
    ] = None
    headers: Annotated[
        dict[str, Annotated[str, Meta(max_length=MAX_VALUE_LENGTH)]],
        Meta(
            max_length=MAX_HEADERS,
            description=(
                "Headers to send, in printable ASCII. `Idempotency-Key` (the same for every"
                " attempt of the job) and `traceparent` are sent unless given here. Those that"
                " belong to the connection (Host, Content-Length, Connection, ...) are refused."
            ),
        ),
    ] = {}
    body: Annotated[
        str | None, Meta(description="A body of text, sent as UTF-8. Not together with `json`.")
    ] = None
    json: Annotated[
        msgspec.Raw | UnsetType,
        Meta(
            description="A body of JSON, sent as application/json, byte for byte as it is here. Not"
            " together with `body`."
        ),
    ] = UNSET
    expect: Annotated[
        Annotated[tuple[Annotated[int, Meta(ge=200, le=599)], ...], Meta(max_length=50)] | None,
        Meta(
            description=(
                "The statuses that count as success; any 2xx if not given. Of the others, 408,"
                " 425, 429 and 5xx are tried again, as `Retry-After` asks; the rest fails the job"
                " at once, a redirect too while `follow_redirects` is off."
            ),
            examples=[[200, 404]],
        ),
    ] = None
    timeout_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=LONGEST.total_seconds(),
            description="For one attempt as a whole, from the look-up of the name to the answer.",
        ),
    ] = 30.0
    follow_redirects: Annotated[
        bool,
        Meta(
            description=(
                f"Follow up to {outbound.MAX_REDIRECTS} redirects. To another origin only"
                " harmless headers go along; never from https to http."
            )
        ),
    ] = False

    def __post_init__(self) -> None:
        check_url(self.url)
        check_headers(self.headers)
        if self.body is not None and self.json is not UNSET:
            raise ValueError("give at most one of `body` and `json`")


class HttpResult(msgspec.Struct, frozen=True, kw_only=True):
    status: Annotated[int, Meta(description="The status that the server answered.")]
    headers: Annotated[
        dict[str, str],
        Meta(
            description=(
                "Of the answer's headers, names in lower case: "
                + ", ".join(sorted(KEPT_OF_ANSWER))
                + f". Values are cut after {MAX_KEPT_LENGTH} characters."
            )
        ),
    ]
    body: Annotated[
        str, Meta(description=f"The answer's body, unpacked, its first {MAX_BODY_BYTES} bytes.")
    ]
    body_encoding: Annotated[
        Literal["text", "base64"], Meta(description="base64 where the body is not text.")
    ]
    body_truncated: Annotated[bool, Meta(description="Whether the body was longer.")]
    url: Annotated[str, Meta(description="What answered, after redirects.")]
    elapsed_ms: Annotated[int, Meta(ge=0, description="How long this attempt's call took.")]


@job_type(
    "http.request",
    example=HttpRequest(url="https://example.com/"),
    timeout=LONGEST + timedelta(seconds=20),
    retry=RetryPolicy(max_attempts=10, first_seconds=5, factor=3),
    secret_fields=("url", "headers.*", "body", "json.**"),
)
def call(payload: HttpRequest, ctx: Context) -> HttpResult:
    """Call a server over HTTP until it answers with success.

    The call goes out at least once; a server that knows `Idempotency-Key` does the work once.
    """
    started = time.monotonic()
    with outbound.request(
        ctx,
        payload.url,
        method=_method(payload),
        headers=_headers(payload, ctx),
        body=_body(payload),
        timeout=timedelta(seconds=payload.timeout_seconds),
        redirects=outbound.MAX_REDIRECTS if payload.follow_redirects else 0,
    ) as response:
        data = response.read(MAX_BODY_BYTES + 1)
    if not _is_success(response.status, payload):
        raise outbound.refusal(response, data, ctx.now())
    body, encoding = as_text_or_base64(
        data, MAX_BODY_BYTES, response.headers.get("content-type", "")
    )
    return HttpResult(
        status=response.status,
        headers=kept_headers(response.headers),
        body=body,
        body_encoding=encoding,
        body_truncated=len(data) > MAX_BODY_BYTES,
        url=str(response.url),
        elapsed_ms=round((time.monotonic() - started) * 1000),
    )


def _method(payload: HttpRequest) -> str:
    has_body = payload.body is not None or payload.json is not UNSET
    return payload.method or ("POST" if has_body else "GET")


def _headers(payload: HttpRequest, ctx: Context) -> dict[str, str]:
    ours = {"Idempotency-Key": ctx.idempotency_key, "traceparent": passed_on(ctx.traceparent)}
    if payload.json is not UNSET:
        ours["Content-Type"] = "application/json"
    elif payload.body is not None:
        ours["Content-Type"] = "text/plain; charset=utf-8"
    given = {name.lower() for name in payload.headers}
    return {
        **{name: value for name, value in ours.items() if name.lower() not in given},
        **payload.headers,
    }


def _body(payload: HttpRequest) -> bytes | None:
    if payload.json is not UNSET:
        return bytes(payload.json)
    return None if payload.body is None else payload.body.encode()


def _is_success(status: int, payload: HttpRequest) -> bool:
    if payload.expect is not None:
        return status in payload.expect
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
