"""What a column's profile must say, by exact arithmetic in plain Python."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from handlers.tables.profile import TOP, Column

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class Cell:
    """A field, or a value of JSON, which says itself whether it is a text."""

    text: str | None
    is_text: bool = False


def check_column(column: Column, cells: Sequence[Cell], where: Any) -> None:
    """Raise `AssertionError` for a figure that isn't exactly right."""
    values = [cell.text for cell in cells if cell.text is not None]
    where = (column, *where)
    assert column.nulls == len(cells) - len(values), where
    kind = expected_kind(cells)
    assert kind_of(column.type) == kind, where
    of: Callable[[str], Any] = {"number": number_of, "moment": moment_of}.get(kind, str)
    counts = Counter(map(of, values))
    assert column.distinct == len(counts), where
    top = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    assert [(of_shown(one.value, kind), one.count) for one in column.top] == top, where
    if not counts:
        assert (column.min, column.max, column.mean, column.q50) == (None,) * 4, where
        return
    assert (of_shown(column.min, kind), of_shown(column.max, kind)) == (min(counts), max(counts)), (
        where
    )
    if kind == "number":
        numbers = sorted(map(number_of, values))
        assert column.mean == float(sum(numbers) / len(numbers)), where
        quartiles = tuple(float(quantile(numbers, Fraction(part, 4))) for part in (1, 2, 3))
        assert (column.q25, column.q50, column.q75) == quartiles, where
    else:
        assert (column.mean, column.q25, column.q50, column.q75) == (None,) * 4, where


def expected_kind(cells: Sequence[Cell]) -> str:
    """number, boolean, moment or text, by the rules that docs/decisions/0078 tells."""
    present = [cell for cell in cells if cell.text is not None]
    values = [cell.text or "" for cell in present]
    if not values:
        return "text"
    plain = not any(cell.is_text for cell in present)
    if plain and set(values) <= {"true", "false"}:
        return "boolean"
    if plain and all(NUMBER.fullmatch(value) for value in values):
        return "number" if _is_kept(values) else "text"
    return "moment" if _are_moments(values) else "text"


def _is_kept(values: Sequence[str]) -> bool:
    """Whether a type of numbers keeps every digit."""
    mantissas = [re.split("[eE]", value)[0] for value in values]
    digits = max(len(re.sub("[^0-9]", "", one)) for one in mantissas)
    places = max(len(one.partition(".")[2]) for one in mantissas)
    integers = all(re.fullmatch("-?[0-9]+", value) for value in values)
    exponents = any("e" in value.lower() for value in values)
    if integers:
        return digits <= 38
    return digits <= 15 or (not exponents and digits + places <= 38)


def _are_moments(values: Sequence[str]) -> bool:
    for pattern, read in (("%Y-%m-%d", date.fromisoformat), ("", datetime.fromisoformat)):
        shape = r"\d{4}-\d\d-\d\d" + ("" if pattern else r"[T ]\d\d:\d\d:\d\d")
        if all(re.fullmatch(shape, value) for value in values):
            for value in values:
                read(value)
            return True
    return False


def kind_of(type_: str) -> str:
    if type_ in {"BIGINT", "HUGEINT", "DOUBLE"} or type_.startswith("DECIMAL"):
        return "number"
    return {"BOOLEAN": "boolean", "DATE": "moment", "TIMESTAMP": "moment"}.get(type_, "text")


def number_of(text: str) -> Fraction:
    return Fraction(Decimal(text))


def moment_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def of_shown(shown: Any, kind: str) -> Any:
    """The value that a profile shows, to compare with the one that was written."""
    if kind == "number":
        return Fraction(Decimal(repr(shown) if isinstance(shown, float) else str(shown)))
    if kind == "moment":
        return moment_of(shown)
    return str(shown).lower() if kind == "boolean" else shown


def quantile(numbers: Sequence[Fraction], part: Fraction) -> Fraction:
    """By linear interpolation between neighbours."""
    place = (len(numbers) - 1) * part
    low = int(place)
    high = min(low + 1, len(numbers) - 1)
    return numbers[low] + (numbers[high] - numbers[low]) * (place - low)
