"""The job type `image.thumbnail`: a picture made small."""

from base64 import b64decode, b64encode
from datetime import timedelta
from io import BytesIO
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers import outbound
from jobs.context import Context, PermanentError
from jobs.job.retry import RetryPolicy
from jobs.job_types import job_type

MAX_SOURCE_BYTES = 20_000_000
MAX_RESULT_BYTES = 180_000
"""In base64 this is 240,000 characters; a result may be 256 KiB."""
MAX_SIDE = 2048

Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]


class ImageThumbnail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[
        str | None,
        Meta(
            description=(
                f"An https URL of the picture, at most {MAX_SOURCE_BYTES:,} bytes; or"
                " gs://BUCKET/OBJECT, for the buckets that the deployment names."
            )
        ),
    ] = None
    base64: Annotated[bytes | None, Meta(description="The picture itself.")] = None
    width: Annotated[Side, Meta(description="In pixels.")]
    height: Annotated[Side, Meta(description="In pixels.")]
    fit: Annotated[
        Literal["contain", "cover"],
        Meta(
            description=(
                "contain: the whole picture, at most this wide and high, never enlarged."
                " cover: exactly this wide and high, cut at the longer sides."
            )
        ),
    ] = "contain"
    format: Annotated[
        Literal["webp", "jpeg", "png"],
        Meta(description="Of the thumbnail. jpeg has no transparency: white takes its place."),
    ] = "webp"

    def __post_init__(self) -> None:
        if (self.url is None) == (self.base64 is None):
            raise ValueError("give exactly one of `url` and `base64`")
        if self.url is not None:
            outbound.check_file_url(self.url)


class ThumbnailResult(msgspec.Struct, frozen=True, kw_only=True):
    format: Literal["webp", "jpeg", "png"]
    width: int
    height: int
    bytes: Annotated[int, Meta(description="The size of the thumbnail's file.")]
    base64: Annotated[str, Meta(description="The thumbnail's file.")]


@job_type(
    "image.thumbnail",
    example=ImageThumbnail(
        base64=b64decode(
            "UklGRlIAAABXRUJQVlA4TEYAAAAvB8ABAAWjAEDiRME0Yoq5DmgCoYbX8ygh9piLFdH/+M8qZeo9XWKQpkte"
            "h55nic4AUi4BASzlyR7tk4Y2Jkp1Xx05j/0B"
        ),
        width=4,
        height=4,
    ),
    timeout=timedelta(minutes=2),
    retry=RetryPolicy(first_seconds=5),
    files=lambda payload: [payload.url],
)
def thumbnail(payload: ImageThumbnail, ctx: Context) -> ThumbnailResult:
    """Make a picture (JPEG, PNG, WebP, GIF) small, upright and free of metadata.

    Colours become sRGB. Of an animation the first frame is taken. Pictures of more than 50
    megapixels, broken pictures and thumbnails of more than 180,000 bytes fail at once.
    """
    # Pillow is for the worker; the API imports this module too.
    from handlers.pictures import encoded, opened, shrunk  # noqa: PLC0415

    with opened(_source(payload, ctx)) as picture:
        small = shrunk(picture, (payload.width, payload.height), payload.fit)
    data = encoded(small, payload.format)
    if len(data) > MAX_RESULT_BYTES:
        raise PermanentError(
            f"The thumbnail has {len(data):,} bytes; at most {MAX_RESULT_BYTES:,} are possible."
            " Ask for a smaller one, or for webp or jpeg."
        )
    return ThumbnailResult(
        format=payload.format,
        width=small.width,
        height=small.height,
        bytes=len(data),
        base64=b64encode(data).decode("ascii"),
    )


def _source(payload: ImageThumbnail, ctx: Context) -> bytes:
    if payload.url is None:
        return payload.base64 or b""
    source = BytesIO()
    outbound.download(
        ctx, payload.url, source, at_most=MAX_SOURCE_BYTES, timeout=timedelta(minutes=1)
    )
    return source.getvalue()
