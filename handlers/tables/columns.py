"""The profile of one column of the table `t`, by exact queries."""

import hashlib
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, auto
from fractions import Fraction
from typing import Any, cast

from handlers.tables.duck import Connection
from handlers.tables.layout import Layout
from handlers.tables.profile import (
    MAX_NAME_BYTES,
    MAX_TEXT_BYTES,
    TOP,
    Column,
    Frequent,
    Value,
    cut,
)
from handlers.tables.sums import sum_of_decimals, sum_of_doubles, sum_of_integers
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


@dataclass(frozen=True)
class Described:
    """A column of the table `t`, as `c0`, `c1` and so on.

    Of decimals that were written, and are doubles, `d0` and so on have what was written, with so
    many places.
    """

    number: int
    name: str
    type: str
    written: bool
    places: int | None = None

    @property
    def kind(self) -> Kind:
        return kind_of(self.type)

    @property
    def column(self) -> str:
        return f"c{self.number}"

    @property
    def ordered(self) -> str:
        """The values that have an order."""
        if self.kind is not Kind.FLOAT:
            return self.column
        return f"(CASE WHEN isfinite({self.column}) THEN {self.column} END)"

    @property
    def exact(self) -> str:
        """The numbers, as exact as they are known."""
        return self.ordered if self.places is None else f"d{self.number}"


def described(connection: Connection, layout: Layout | None) -> list[Described]:
    """Make the table `t` of `loaded`, each column in its type.

    So no name in a file can meet one of ours.
    """
    rows = connection.execute("DESCRIBE loaded").fetchall()
    found: list[Described] = []
    parts: list[str] = []
    for number, row in enumerate(rows):
        quoted = '"' + str(row[0]).replace('"', '""') + '"'
        if layout is None:
            found.append(Described(number, str(row[0]), str(row[1]).strip('"'), written=False))
            parts.append(f"{quoted} AS c{number}")
            continue
        type_, places = type_of(connection, quoted, layout.texts[number])
        found.append(Described(number, layout.names[number], type_, written=True, places=places))
        parts.append(f"{quoted}::{type_} AS c{number}")
        if places is not None:
            parts.append(f"{quoted}::DECIMAL(38, {places}) AS d{number}")
    connection.execute(f"CREATE VIEW t AS SELECT {', '.join(parts)} FROM loaded")  # noqa: S608 - quoted
    return found


def row_count(connection: Connection) -> int:
    return int(_row(connection, "SELECT count(*) FROM loaded")[0])


def profile(connection: Connection, about: Described, *, text_bytes: int) -> Column:
    """Reads the column several times, which takes less memory than once."""
    c, kind = about.column, about.kind
    rows, present, ordered, least, most = _row(connection, _statistics(about))
    (distinct,) = _row(connection, f"SELECT count(DISTINCT {c}) FROM t")  # noqa: S608 - quoted
    frequent = connection.execute(
        f"SELECT {_shown(c, kind)}, times FROM (SELECT {c}, count(*) AS times FROM t"  # noqa: S608 - quoted
        f" WHERE {c} IS NOT NULL GROUP BY {c} ORDER BY times DESC, {c} LIMIT {TOP})"
        f" ORDER BY times DESC, {c}"
    ).fetchall()
    numbers = ordered if kind in _NUMBERS else 0
    q25, q50, q75 = _quartiles(connection, about, numbers)
    return Column(
        name=_name(about.name),
        type=_name(about.type),
        nulls=rows - present,
        distinct=distinct,
        min=_value(least, text_bytes),
        max=_value(most, text_bytes),
        mean=float(_total(connection, about) / numbers) if numbers else None,
        q25=q25,
        q50=q50,
        q75=q75,
        top=tuple(Frequent(_value(value, text_bytes), count) for value, count in frequent),
    )


def _statistics(about: Described) -> str:
    """Rows, values, how many have an order, the least and the most."""
    ends = "NULL, NULL"
    if about.kind is not Kind.NESTED:
        ends = ", ".join(_shown(f"{end}({about.ordered})", about.kind) for end in ("min", "max"))
    return f"SELECT count(*), count({about.column}), count({about.ordered}), {ends} FROM t"  # noqa: S608 - quoted


def _total(connection: Connection, about: Described) -> Fraction:
    if about.places is not None:
        return sum_of_decimals(connection, about.exact, about.places)
    if about.kind is Kind.DECIMAL:
        scale = int(about.type.rstrip(")").rpartition(",")[2])
        return sum_of_decimals(connection, about.column, scale)
    if about.kind is Kind.INTEGER:
        return sum_of_integers(connection, about.column)
    return sum_of_doubles(connection, about.ordered, written=about.written)


def _quartiles(
    connection: Connection, about: Described, count: int
) -> tuple[float | None, float | None, float | None]:
    """By linear interpolation between neighbours, as in SQL's `percentile_cont`, then rounded.

    Sorts the different values, on disk if need be; DuckDB's `quantile_cont` would hold the whole
    column in memory.
    """
    if not count:
        return None, None, None
    places = [Fraction((count - 1) * quarter, 4) for quarter in (1, 2, 3)]
    ranks = sorted({rank for place in places for rank in (math.floor(place), math.ceil(place))})
    picked = ", ".join(f"min(n) FILTER (ranks_below > {rank})::VARCHAR" for rank in ranks)
    row = _row(
        connection,
        f"SELECT {picked} FROM (SELECT n, sum(times) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING)"  # noqa: S608 - quoted
        f" AS ranks_below FROM (SELECT {about.exact} AS n, count(*) AS times FROM t GROUP BY n)"
        " WHERE n IS NOT NULL)",
    )
    at = {rank: Fraction(text) for rank, text in zip(ranks, row, strict=True)}
    q25, q50, q75 = (
        float(at[math.floor(p)] + (at[math.ceil(p)] - at[math.floor(p)]) * (p % 1)) for p in places
    )
    return q25, q50, q75


def _shown(expression: str, kind: Kind) -> str:
    """The SQL that makes of a value what a profile shows."""
    if kind in {Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.DECIMAL}:
        return expression
    if kind is Kind.MOMENT:
        # The session's time zone is UTC, so an offset is always +00.
        return f"replace(replace(({expression})::VARCHAR, ' ', 'T'), '+00', 'Z')"
    text = f"to_json({expression})" if kind is Kind.NESTED else f"({expression})"
    # Texts may be long: this much of them is shown, and a digest of the whole.
    whole = f"{text}::VARCHAR"
    return f"{{'start': left({whole}, {MAX_TEXT_BYTES + 1}), 'digest': sha256({whole})}}"


def _value(value: Any, text_bytes: int) -> Value:
    if isinstance(value, dict):
        return None if value["start"] is None else cut(value["start"], value["digest"], text_bytes)
    if isinstance(value, Decimal):
        # As text where a double would be another number.
        number = float(value)
        return number if Decimal(repr(number)) == value else _written(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > _LARGEST_EXACT:
        return str(value)
    return cast("Value", value)


def _name(text: str) -> str:
    return cut(text, hashlib.sha256(text.encode()).hexdigest(), MAX_NAME_BYTES)


def _written(value: Decimal) -> str:
    """All of its digits: `normalize` would round them to those of the context."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _row(connection: Connection, query: str) -> tuple:  # type: ignore[type-arg]
    (row,) = connection.execute(query).fetchall()
    return row
