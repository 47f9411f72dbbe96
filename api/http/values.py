"""Single values that callers send: ids, headers, page tokens."""

from typing import Annotated, Final

from msgspec import Meta

MAX_PAGE_SIZE: Final = 200
MAX_NAME_LENGTH: Final = 200
MAX_URL_LENGTH: Final = 2000

JOB_ID_PATTERN: Final = "^[0-9a-f]{32}$"
JobId = Annotated[
    str,
    Meta(
        pattern=JOB_ID_PATTERN,
        description="The job's `id`.",
        examples=["5f0c6a1e9d3b4c7f8a2e1d0b9c8f7a6e"],
    ),
]
ScheduleId = Annotated[
    str,
    Meta(
        pattern=JOB_ID_PATTERN,
        description="The schedule's `id`.",
        examples=["0b7d1f63c2a94e0d8f5b6a7c8d9e0f1a"],
    ),
]
JobTypeName = Annotated[str, Meta(description="The job type's `name`.", examples=["table.profile"])]

Url = Annotated[
    str,
    Meta(
        max_length=MAX_URL_LENGTH,
        description="Where to send it: https, a public host, no credentials.",
        examples=["https://shop.example.com/hooks/dormouse"],
    ),
]

IdempotencyKey = Annotated[
    str,
    Meta(
        pattern=r'^("[!#-\[\]-~]{1,255}"|[!#-+\--\[\]-~]{1,255})$',
        description="Makes the request safe to repeat: a key that you choose once for each job"
        " that you want, of 1 to 255 visible ASCII characters except quotes and backslashes. Put"
        " it in quotes if it has a comma.",
        examples=["order-4711"],
    ),
]
Traceparent = Annotated[
    str,
    Meta(
        description="W3C Trace Context. The job carries the trace on to the worker, to its logs"
        " and to the calls that it makes.",
    ),
]

PageToken = Annotated[
    str,
    Meta(
        max_length=1000,
        description="The `next_page_token` of the page before, with the same filters.",
    ),
]
