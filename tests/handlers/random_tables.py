"""Tables made at random, and what is in them by plain Python.

`python -m tests.handlers.random_tables FIRST COUNT`.

The suite tries some of them; the command tries as many as it is told.
"""

import csv
import io
import random
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.handlers.profiling import profiled

NAMES = ("n", "N", "c0", "count", 'say "x"', "a;b")
QUIRKS = (
    ["", "a", "b c", "1", "2024-01-01", 'q"q', "x,y", "ü"],
    ["1", "2", "-7", "0", "123456789012345678901"],
    ["1.5", "2", "-0.25", "1e3"],
    ["true", "false"],
    ["2024-01-05", "1999-12-31"],
    ["007", "1"],
)


def a_table(seed: int) -> tuple[str, list[str], list[list[str]], dict[str, Any]]:
    """A table with quirks, as text, and what it holds."""
    chosen = random.Random(seed)  # noqa: S311 - a table, no secret
    kinds = [chosen.choice(QUIRKS) for _ in range(chosen.randint(2, 5))]
    names = [
        chosen.choice(["n", "N", "c0", "count", 'say "x"', "a;b", f"x{i}"])
        for i in range(len(kinds))
    ]
    rows = [
        [chosen.choice(kind) if chosen.random() > 0.1 else "" for kind in kinds]
        for _ in range(chosen.randint(3, 30))
    ]
    delimiter = chosen.choice([",", ";", "\t", "|"])
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=delimiter,
        lineterminator=chosen.choice(["\n", "\r\n"]),
        quoting=chosen.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    writer.writerow(names)
    writer.writerows(rows)
    return out.getvalue(), names, rows, {"delimiter": delimiter, "header": True}


def check(seed: int) -> None:
    text, names, rows, said = a_table(seed)
    result = profiled(text=text, **said)
    assert result.rows == len(rows)
    assert [column.name for column in result.columns] == names
    for number, column in enumerate(result.columns):
        values = [row[number] for row in rows if row[number]]
        assert column.nulls == len(rows) - len(values), (seed, column)
        if column.type in {"BIGINT", "HUGEINT", "DOUBLE"} or column.type.startswith("DECIMAL"):
            exact = [Fraction(Decimal(value)) for value in values]
            assert column.distinct == len(set(exact)), (seed, column)
            assert column.mean == pytest.approx(float(sum(exact) / len(exact)), rel=1e-15)
        else:
            assert column.distinct == len(set(values)), (seed, column)
            if column.type == "VARCHAR" and values:
                assert (column.min, column.max) == (min(values), max(values)), (seed, column)


def main() -> None:
    """Check so many tables; the first that is wrong ends it."""
    first, count = (int(argument) for argument in (*sys.argv[1:], "0", "20000")[:2])
    for seed in range(first, first + count):
        check(seed)
    print(f"{count} tables, none of them wrong")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
