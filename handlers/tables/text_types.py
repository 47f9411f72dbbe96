"""Which type the texts of a column have: one in which each value stays what it is, else text."""

from typing import Any, Final

from handlers.tables.duck import Connection
from handlers.tables.layout import Texts

_INTEGER: Final = "-?(0|[1-9][0-9]*)"
_PLAIN: Final = r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?"
_NUMBER: Final = rf"{_PLAIN}([eE][-+]?[0-9]+)?|[-+]?(nan|inf)"
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME: Final = rf"{_CLOCK}(:[0-5][0-9](\.[0-9]{{1,6}})?)?"
_ZONE: Final = "(Z|[-+]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"
_MOMENTS: Final = {
    "DATE": _DATE,
    "TIMESTAMP": f"{_DATE}[T ]{_TIME}",
    "TIMESTAMP WITH TIME ZONE": f"{_DATE}[T ]{_TIME}{_ZONE}",
    "TIME": _TIME,
}
_MOST_WRITTEN: Final = {
    "DATE": ("0001-01-01", "9999-12-31"),
    "TIMESTAMP": ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
    "TIMESTAMP WITH TIME ZONE": ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"),
    "TIME": ("00:00:00", "23:59:59.999999"),
}
"""The first and the last one that ISO 8601 writes in four digits of the year, in UTC."""
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
    # Seeing that a text looks like a date costs a tenth of finding that it can't be read as one.
    patterns = (_INTEGER, _PLAIN, _NUMBER, *_MOMENTS.values())
    logical, integer, plain, number, *moments = _row(
        connection,
        f"bool_and({column} IN ('true', 'false'))",
        *(f"bool_and(regexp_full_match({column}, '{pattern}'))" for pattern in patterns),
    )
    if texts is Texts.ANYTHING and logical:
        return "BOOLEAN", None
    if texts is Texts.ANYTHING and number:
        return _number(connection, column, integer=integer, plain=plain)
    looks = (name for name, is_it in zip(_MOMENTS, moments, strict=True) if is_it)
    return next((name for name in looks if _are_read(connection, column, name)), "VARCHAR"), None


def _number(
    connection: Connection, column: str, *, integer: bool, plain: bool
) -> tuple[str, int | None]:
    """The type that keeps every digit; text if there is none."""
    mantissa = f"regexp_replace({column}, '[eE].*', '')"
    double = f"TRY_CAST({column} AS DOUBLE)"
    no_double, digits, places = _row(
        connection,
        f"bool_or({column} IN ('', '.', '-', '+', '-.', '+.')"
        f" OR isinf({double}) AND regexp_matches({column}, '[0-9]')"
        f" OR abs({double}) < {_LEAST_DOUBLE} AND regexp_matches({mantissa}, '[1-9]'))",
        f"max(length(regexp_replace({mantissa}, '[^0-9]', '', 'g')))",
        f"max(length(regexp_extract({column}, '[.]([0-9]*)', 1)))",
    )
    if integer:
        return _integer(digits), None
    return ("VARCHAR", None) if no_double else _decimal(digits, places or 0, plain=plain)


def _are_read(connection: Connection, column: str, type_: str) -> bool:
    """Whether every text is a moment that there is, and that others can write."""
    first, last = (f"{type_} '{moment}'" for moment in _MOST_WRITTEN[type_])
    cast = f"TRY_CAST({column} AS {type_})"
    (are_read,) = _row(
        connection,
        f"count({cast}) = count({column}) AND min({cast}) >= {first} AND max({cast}) <= {last}",
    )
    return bool(are_read)


def _row(connection: Connection, *aggregates: str) -> tuple[Any, ...]:
    row = connection.execute(f"SELECT {', '.join(aggregates)} FROM loaded").fetchone()  # noqa: S608 - ours
    assert row  # noqa: S101 - an aggregate always has one
    return row


def _integer(digits: int) -> str:
    if digits <= _DIGITS_OF_BIGINT:
        return "BIGINT"
    return "HUGEINT" if digits <= _DIGITS_OF_DECIMAL else "VARCHAR"


def _decimal(digits: int, scale: int, *, plain: bool) -> tuple[str, int | None]:
    if digits <= _DIGITS_OF_DOUBLES:
        return "DOUBLE", scale if plain else None
    exact = plain and digits + scale <= _DIGITS_OF_DECIMAL
    return (f"DECIMAL({_DIGITS_OF_DECIMAL},{scale})" if exact else "VARCHAR"), None
