"""The profile of one column of the table `t`, by exact queries."""

import math
from enum import StrEnum, auto

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


def names_and_types(connection: Connection) -> list[tuple[str, str]]:
    """The columns of the table, with DuckDB's names of their types."""
    rows = connection.execute("DESCRIBE t").fetchall()
    return [(name, type_.strip('"')) for name, type_, *_ in rows]


def row_count(connection: Connection) -> int:
    return int(_row(connection, "SELECT count(*) FROM t")[0])


def profile(connection: Connection, name: str, type_: str, *, text_bytes: int) -> Column:
    """Reads the column four times, which takes less memory than once."""
    kind = kind_of(type_)
    c = '"' + name.replace('"', '""') + '"'
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
        mean=_finite(mean),
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
    numbers = f"count({n}), avg({n}::DOUBLE)" if kind in _NUMBERS else "0, NULL"
    return f"SELECT count(*), count({c}), {ends}, {numbers} FROM t"  # noqa: S608 - quoted


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
    if kind in {Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN}:
        return expression
    if kind is Kind.DECIMAL:
        return f"({expression})::DOUBLE"
    if kind is Kind.MOMENT:
        # The session's time zone is UTC, so an offset is always +00.
        return f"replace(replace(({expression})::VARCHAR, ' ', 'T'), '+00', 'Z')"
    text = f"to_json({expression})" if kind is Kind.NESTED else f"({expression})"
    return f"left({text}::VARCHAR, {MAX_TEXT_BYTES + 1})"


def _value(value: Value, text_bytes: int) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        return str(value)
    return cut(value, text_bytes) if isinstance(value, str) else value


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _row(connection: Connection, query: str) -> tuple:  # type: ignore[type-arg]
    (row,) = connection.execute(query).fetchall()
    return row
