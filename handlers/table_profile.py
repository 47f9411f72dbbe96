"""The job type `table.profile`: what is in the columns of a table."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from handlers import outbound
from handlers.tables.profile import Format, TableProfile
from jobs.context import Context
from jobs.job.retry import RetryPolicy
from jobs.job_types import job_type

MAX_SOURCE_BYTES = 100_000_000


class ProfileTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[
        str | None,
        Meta(
            description=(
                f"An https URL of the table, at most {MAX_SOURCE_BYTES:,} bytes; or"
                " gs://BUCKET/OBJECT, for the buckets that the deployment names."
            )
        ),
    ] = None
    text: Annotated[str | None, Meta(description="The table itself, as text.")] = None
    base64: Annotated[bytes | None, Meta(description="The table itself, as bytes.")] = None
    format: Annotated[
        Format | None,
        Meta(
            description=(
                "Recognised by the content if not given. CSV may have , ; | or tabs between its"
                " fields; records of unequal length are refused."
            )
        ),
    ] = None

    delimiter: Annotated[
        Literal[",", ";", "\t", "|"] | None,
        Meta(
            description="Of CSV. Recognised if not given: the one that gives records of one width."
        ),
    ] = None
    header: Annotated[
        bool | None,
        Meta(
            description=(
                "Whether the first record of a CSV names the columns. If not given, it does unless"
                " it has numbers or dates over columns of such."
            )
        ),
    ] = None
    null_values: Annotated[
        tuple[Annotated[str, Meta(max_length=50)], ...],
        Meta(
            max_length=20, description="Texts of a CSV that stand for null, beside the empty one."
        ),
    ] = ()

    def __post_init__(self) -> None:
        if [self.url, self.text, self.base64].count(None) != 2:  # noqa: PLR2004 - of the three
            raise ValueError("give exactly one of `url`, `text` and `base64`")
        if self.url is not None:
            outbound.check_file_url(self.url)


@job_type(
    "table.profile",
    example=ProfileTable(text="city,inhabitants\nParis,2102650\nRome,2746984\nOslo,\n"),
    timeout=timedelta(minutes=8),
    retry=RetryPolicy(first_seconds=10),
    files=lambda payload: [payload.url],
)
def profile(payload: ProfileTable, ctx: Context) -> TableProfile:
    """Profile the columns of a table (CSV, TSV, JSON, JSON lines, Parquet).

    Every figure is exact and rounded once. Tables of more than 200 columns, and tables that are
    broken, fail at once.
    """
    # DuckDB is for the worker; the API imports this module too.
    from handlers.tables.folder import private_folder  # noqa: PLC0415
    from handlers.tables.table import Given  # noqa: PLC0415
    from handlers.tables.table import profile as profiled  # noqa: PLC0415

    with private_folder() as folder:
        file = folder / "table"
        _fetch(payload, ctx, file)
        given = Given(payload.format, payload.delimiter, payload.header, payload.null_values)
        return profiled(file, given, ctx)


def _fetch(payload: ProfileTable, ctx: Context, file: Path) -> None:
    with file.open("wb") as target:
        if payload.url is not None:
            limit = timedelta(minutes=4)
            outbound.download(ctx, payload.url, target, at_most=MAX_SOURCE_BYTES, timeout=limit)
        elif payload.text is not None:
            target.write(payload.text.encode())
        else:
            target.write(payload.base64 or b"")
