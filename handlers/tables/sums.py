"""Exact sums of a column's numbers. A mean is as good as its sum."""

import math
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from handlers.tables.duck import Connection

_LIMB: Final = 10**10
"""Sums of the two parts of any number of 39 digits fit, for as many rows as a file can have."""
_MANTISSA_BITS: Final = 53
_ROWS: Final = 10_000


def sum_of_integers(connection: Connection, expression: str) -> Fraction:
    """Of any DuckDB integers in the table `t`, whose own sum would overflow from 39 digits on."""
    row = connection.execute(
        f"SELECT sum(({expression} // {_LIMB})::HUGEINT)::VARCHAR,"  # noqa: S608 - ours
        f" sum(({expression} % {_LIMB})::HUGEINT)::VARCHAR FROM t"
    ).fetchone()
    assert row  # noqa: S101 - an aggregate always has one
    high, low = (int(part or 0) for part in row)
    return Fraction(high * _LIMB + low)


def sum_of_decimals(connection: Connection, column: str, scale: int) -> Fraction:
    """Of a column of the type DECIMAL with so many decimal places."""
    unscaled = f"replace({column}::VARCHAR, '.', '')::HUGEINT"
    return sum_of_integers(connection, unscaled) / Fraction(10**scale)


def sum_of_doubles(connection: Connection, expression: str, *, written: bool) -> Fraction:
    """Of what the doubles are or, where they were `written`, of what was written.

    That holds for up to 15 digits, which a double gives back.
    """
    cursor = connection.execute(
        f"SELECT {expression} AS n, count(*) FROM t WHERE n IS NOT NULL GROUP BY n"  # noqa: S608 - ours
    )
    total = Fraction(0)
    while rows := cursor.fetchmany(_ROWS):
        if written:
            total += sum((Fraction(repr(number)) * times for number, times in rows), Fraction(0))
        else:
            total += _exact(rows)
    return total


def _exact(rows: Iterable[tuple[float, int]]) -> Fraction:
    """By exponents, as fractions of each are slow."""
    parts: Counter[int] = Counter()
    for number, times in rows:
        mantissa, exponent = math.frexp(number)
        parts[exponent] += int(mantissa * 2**_MANTISSA_BITS) * times
    return sum(
        (part * Fraction(2) ** (exponent - _MANTISSA_BITS) for exponent, part in parts.items()),
        Fraction(0),
    )
