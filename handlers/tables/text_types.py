"""Which type the texts of a column have: one in which each value stays what it is, else text."""

from typing import Final

from handlers.tables.duck import Connection
from handlers.tables.layout import Texts

_INTEGER: Final = "-?(0|[1-9][0-9]*)"
_PLAIN: Final = r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?"
_NUMBER: Final = rf"{_PLAIN}([eE][-+]?[0-9]+)?|[-+]?(nan|inf)"
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_ZONE: Final = "(Z|[-+][0-9]{2}(:?[0-9]{2})?)"
_MOMENTS: Final = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME")
_DIGITS_OF_DOUBLES: Final = 15
"""Decimals of so many digits survive a double (IEEE 754); two that differ stay different."""
_LEAST_DOUBLE: Final = "2.2250738585072014e-308"
"""Below it a double has fewer digits."""
_DIGITS_OF_BIGINT, _DIGITS_OF_DECIMAL = 18, 38


def type_of(connection: Connection, column: str, texts: Texts) -> tuple[str, int | None]:
    """DuckDB's name of the type for this column of texts, of the table `loaded`.

    With DOUBLE, also the decimal places that were written, unless there are exponents.
    """
    if texts is Texts.JSON:
        return "JSON", None

    def all_are(pattern: str) -> str:
        return f"bool_and(regexp_full_match({column}, '{pattern}'))"

    mantissa = f"regexp_replace({column}, '[eE].*', '')"
    digits = f"length(regexp_replace({mantissa}, '[^0-9]', '', 'g'))"
    places = f"length(regexp_extract({column}, '[.]([0-9]*)', 1))"
    double = f"TRY_CAST({column} AS DOUBLE)"
    # The earliest moments would fall before the year 1 in UTC, which few programs can write.
    row = connection.execute(
        f"SELECT count({column}), bool_and({column} IN ('true', 'false')),"  # noqa: S608 - ours
        f" {all_are(_INTEGER)}, {all_are(_PLAIN)}, {all_are(_NUMBER)},"
        f" bool_or({column} IN ('', '.', '-', '+', '-.', '+.')"
        f" OR isinf({double}) AND regexp_matches({column}, '[0-9]')"
        f" OR abs({double}) < {_LEAST_DOUBLE} AND regexp_matches({mantissa}, '[1-9]')),"
        f" max({digits}), max({places}),"
        f" {all_are(_DATE)} AND {_from_year_1(column)}"
        f" AND count(TRY_CAST({column} AS DATE)) = count({column}),"
        f" {all_are(_DATE + '[T ]' + _TIME)} AND {_from_year_1(column)}"
        f" AND count(TRY_CAST({column} AS TIMESTAMP)) = count({column}),"
        f" {all_are(_DATE + '[T ]' + _TIME + _ZONE)}"
        f" AND bool_and(TRY_CAST({column} AS TIMESTAMPTZ) >= TIMESTAMPTZ '0001-01-02 00:00:00+00'),"
        f" {all_are(_TIME)} AND count(TRY_CAST({column} AS TIME)) = count({column})"
        " FROM loaded"
    ).fetchone()
    assert row  # noqa: S101 - an aggregate always has one
    present, logical, integer, plain, number, no_double, width, scale, *moments = row
    if not present:
        return "VARCHAR", None
    if texts is Texts.TEXTS:
        logical = integer = number = False
    if integer:
        return _integer(width), None
    if number and not no_double:
        return _decimal(width, scale or 0, plain=plain)
    named = zip((logical, *moments), ("BOOLEAN", *_MOMENTS), strict=True)
    return next((name for is_it, name in named if is_it), "VARCHAR"), None


def _from_year_1(column: str) -> str:
    return f"min({column}) >= '0001'"


def _integer(digits: int) -> str:
    if digits <= _DIGITS_OF_BIGINT:
        return "BIGINT"
    return "HUGEINT" if digits <= _DIGITS_OF_DECIMAL else "VARCHAR"


def _decimal(digits: int, scale: int, *, plain: bool) -> tuple[str, int | None]:
    if digits <= _DIGITS_OF_DOUBLES:
        return "DOUBLE", scale if plain else None
    exact = plain and digits + scale <= _DIGITS_OF_DECIMAL
    return (f"DECIMAL({_DIGITS_OF_DECIMAL},{scale})" if exact else "VARCHAR"), None
