"""What a profile says about a table."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Format = Literal["csv", "tsv", "json", "jsonl", "parquet"]

Value = str | bool | int | float | None
"""A cell as JSON: numbers and booleans as such, times in ISO 8601, all else as text."""

MAX_COLUMNS = 200
MAX_NAME_BYTES = 100
MAX_TEXT_BYTES = 200
TOP = 5


class Frequent(msgspec.Struct, frozen=True):
    value: Value
    count: int


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """What is in one column.

    `mean` and the quartiles are of numbers, and null in other columns. NaN and infinity count as
    values, but not in `min`, `max`, `mean` and the quartiles.
    """

    name: str
    type: Annotated[str, Meta(description="DuckDB's name for it, such as BIGINT or VARCHAR.")]
    nulls: int
    distinct: Annotated[int, Meta(description="Different values, not counting null.")]
    min: Value
    max: Value
    mean: float | None
    q25: float | None
    q50: float | None
    q75: float | None
    top: Annotated[
        tuple[Frequent, ...],
        Meta(description=f"The {TOP} most frequent values, not counting null."),
    ]


class TableProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a table.

    Long texts are cut, values after 200 bytes, earlier in a table of more than 35 columns, names
    and types after 100. They end in an ellipsis and the first eight digits of the whole's SHA-256.
    """

    format: Annotated[Format, Meta(description="As given, else as recognised.")]
    encoding: Annotated[
        str | None, Meta(description="`utf-8`, `utf-16` or `utf-32`; null for Parquet.")
    ] = None
    delimiter: Annotated[
        str | None, Meta(description="What stands between fields, of CSV and TSV.")
    ] = None
    header: Annotated[
        bool | None,
        Meta(description="Whether the first record was taken for names, of CSV and TSV."),
    ] = None
    rows: int
    columns: tuple[Column, ...]


def text_bytes(columns: int) -> int:
    """How long a value may be, so that the profile of so many columns fits into a result.

    A column has seven texts (min, max and the top), each of whose bytes may take two in JSON, and
    at most 760 bytes besides: 200 columns take 250,000 bytes of the 262,144 that a result may have.
    """
    texts = TOP + 2
    return min(MAX_TEXT_BYTES, 100_000 // (2 * texts * max(columns, 1)))


def cut(text: str, digest: str, at_most: int) -> str:
    """The text in at most that many bytes of UTF-8, and twice as many of JSON.

    What is cut ends in an ellipsis and the first digits of the whole text's digest: two texts that
    differ are shown differently.
    """
    if _fits(text, at_most):
        return text
    room = at_most - len(_ELLIPSIS.encode()) - _DIGITS
    kept, bytes_, in_json = 0, 0, 0
    for sign in text:
        bytes_ += len(sign.encode())
        in_json += _bytes_in_json(sign)
        if bytes_ > room or in_json > 2 * room:
            break
        kept += 1
    return text[:kept] + _ELLIPSIS + digest[:_DIGITS]


def _fits(text: str, at_most: int) -> bool:
    return len(text.encode()) <= at_most and sum(map(_bytes_in_json, text)) <= 2 * at_most


def _bytes_in_json(sign: str) -> int:
    if sign < " ":
        return 2 if sign in "\b\t\n\f\r" else 6
    return 2 if sign in '"\\' else len(sign.encode())


_ELLIPSIS = "…"
_DIGITS = 8
