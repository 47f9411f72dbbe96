"""The profile of one column of the table `t`, by exact queries."""

import math
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum, auto
from fractions import Fraction

from handlers.tables.duck import Connection
from handlers.tables.profile import (
    MAX_NAME_BYTES,
    MAX_TEXT_BYTES,
    TOP,
    Column,
    Frequent,
    Value,
    cut,
)
from handlers.tables.text_types import type_of


class Kind(StrEnum):
    """How a DuckDB type is treated."""

    INTEGER = auto()
    FLOAT = auto()
    DECIMAL = auto()
    BOOLEAN = auto()
    MOMENT = auto()
    NESTED = auto()
    TEXT = auto()


_NUMBERS = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL})
_LARGEST_EXACT = 2**53
"""JSON's numbers are doubles to most readers (RFC 8259, 6); integers beyond become text."""


def kind_of(type_: str) -> Kind:
    """The kind of a DuckDB type, by its name."""
    if type_.endswith("INT") or type_ in {"INTEGER", "UINTEGER"}:
        return Kind.INTEGER
    if type_ in {"FLOAT", "DOUBLE", "BOOLEAN"}:
        return Kind.BOOLEAN if type_ == "BOOLEAN" else Kind.FLOAT
    if type_.startswith("DECIMAL"):
        return Kind.DECIMAL
    if type_.startswith("TIMESTAMP") and not type_.endswith("]"):
        return Kind.MOMENT
    if type_.endswith("]") or type_.startswith(("STRUCT", "MAP", "UNION", "JSON", "VARIANT")):
        return Kind.NESTED
    return Kind.TEXT


def described(connection: Connection, names: Sequence[str] | None) -> list[tuple[str, str]]:
    """Make the table `t` of `loaded`: its columns are `c0`, `c1` and so on, each in its type.

    So no name in a file can meet one of ours. Returns the names as they are shown, `names` if they
    are known, and DuckDB's names of the types.
    """
    rows = connection.execute("DESCRIBE loaded").fetchall()
    columns = ['"' + str(row[0]).replace('"', '""') + '"' for row in rows]
    types = [
        type_of(connection, one) if names else str(row[1])
        for one, row in zip(columns, rows, strict=True)
    ]
    parts = [
        f"{one}::{type_} AS c{number}" if names else f"{one} AS c{number}"
        for number, (one, type_) in enumerate(zip(columns, types, strict=True))
    ]
    connection.execute(f"CREATE VIEW t AS SELECT {', '.join(parts)} FROM loaded")  # noqa: S608 - quoted
    shown = names or [str(row[0]) for row in rows]
    return [(name, type_.strip('"')) for name, type_ in zip(shown, types, strict=True)]


def row_count(connection: Connection) -> int:
    return int(_row(connection, "SELECT count(*) FROM loaded")[0])


def profile(
    connection: Connection, number: int, name: str, type_: str, *, text_bytes: int
) -> Column:
    """Reads the column four times, which takes less memory than once."""
    kind = kind_of(type_)
    c = f"c{number}"
    rows, present, least, most, ordered, mean = _row(connection, _statistics(c, kind))
    (distinct,) = _row(connection, f"SELECT count(DISTINCT {c}) FROM t")  # noqa: S608 - quoted
    frequent = connection.execute(
        f"SELECT {_shown(c, kind)}, count(*) FROM t WHERE {c} IS NOT NULL"  # noqa: S608 - quoted
        f" GROUP BY {c} ORDER BY count(*) DESC, {c} LIMIT {TOP}"
    ).fetchall()
    q25, q50, q75 = _quartiles(connection, c, kind, ordered)
    return Column(
        name=cut(name, MAX_NAME_BYTES),
        type=cut(type_, MAX_NAME_BYTES),
        nulls=rows - present,
        distinct=distinct,
        min=_value(least, text_bytes),
        max=_value(most, text_bytes),
        mean=_mean(mean, ordered),
        q25=q25,
        q50=q50,
        q75=q75,
        top=tuple(Frequent(_value(value, text_bytes), count) for value, count in frequent),
    )


def _statistics(c: str, kind: Kind) -> str:
    """Rows, values, least, most, how many numbers, their mean."""
    n = _orderable(c, kind)
    ends = "NULL, NULL"
    if kind is not Kind.NESTED:
        ends = f"{_shown(f'min({n})', kind)}, {_shown(f'max({n})', kind)}"
    numbers = f"count({n}), {_total(n, kind)}" if kind in _NUMBERS else "0, NULL"
    return f"SELECT count(*), count({c}), {ends}, {numbers} FROM t"  # noqa: S608 - quoted


def _total(n: str, kind: Kind) -> str:
    """The exact sum; of doubles, which have none, one whose rounding errors are carried along."""
    if kind is Kind.INTEGER:
        return f"sum({n}::HUGEINT)::VARCHAR"
    return f"sum({n})::VARCHAR" if kind is Kind.DECIMAL else f"fsum({n})"


def _mean(total: str | float | None, count: int) -> float | None:
    """The double that is nearest to the mean."""
    if total is None or not count:
        return None
    if isinstance(total, float):
        return _finite(total / count)
    return _finite(float(Fraction(total) / count))


def _quartiles(
    connection: Connection, c: str, kind: Kind, count: int
) -> tuple[float | None, float | None, float | None]:
    """By linear interpolation between neighbours, as in SQL's `percentile_cont`.

    Sorts the different values, on disk if need be; DuckDB's `quantile_cont` would hold the whole
    column in memory.
    """
    if not count:
        return None, None, None
    places = [(count - 1) * quarter / 4 for quarter in (1, 2, 3)]
    ranks = sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})
    n = _orderable(c, kind)
    picked = ", ".join(f"min(n::DOUBLE) FILTER (ranks_below > {rank})" for rank in ranks)
    row = _row(
        connection,
        f"SELECT {picked} FROM (SELECT n, sum(times) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING)"  # noqa: S608 - quoted
        f" AS ranks_below FROM (SELECT {n} AS n, count(*) AS times FROM t GROUP BY n)"
        " WHERE n IS NOT NULL)",
    )
    at = dict(zip(ranks, row, strict=True))
    q25, q50, q75 = (
        _finite(at[math.floor(p)] + (at[math.ceil(p)] - at[math.floor(p)]) * (p % 1))
        for p in places
    )
    return q25, q50, q75


def _orderable(c: str, kind: Kind) -> str:
    return f"(CASE WHEN isfinite({c}) THEN {c} END)" if kind is Kind.FLOAT else c


def _shown(expression: str, kind: Kind) -> str:
    """The SQL that makes of a value what a profile shows."""
    if kind in {Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.DECIMAL}:
        return expression
    if kind is Kind.MOMENT:
        # The session's time zone is UTC, so an offset is always +00.
        return f"replace(replace(({expression})::VARCHAR, ' ', 'T'), '+00', 'Z')"
    text = f"to_json({expression})" if kind is Kind.NESTED else f"({expression})"
    return f"left({text}::VARCHAR, {MAX_TEXT_BYTES + 1})"


def _value(value: Value | Decimal, text_bytes: int) -> Value:
    if isinstance(value, Decimal):
        # As text where a double would be another number.
        number = float(value)
        return number if Decimal(repr(number)) == value else _written(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        return str(value)
    return cut(value, text_bytes) if isinstance(value, str) else value


def _written(value: Decimal) -> str:
    """All of its digits: `normalize` would round them to those of the context."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _row(connection: Connection, query: str) -> tuple:  # type: ignore[type-arg]
    (row,) = connection.execute(query).fetchall()
    return row
