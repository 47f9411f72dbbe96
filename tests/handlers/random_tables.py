"""Tables made at random with the quirks of real ones, and what is in them by plain Python.

`python -m tests.handlers.random_tables FIRST COUNT`.

The suite tries some of them; the command tries as many as it is told.
"""

import base64
import codecs
import csv
import io
import json
import random
import sys
from dataclasses import dataclass
from typing import Any

from tests.handlers.exact_figures import Cell, check_column
from tests.handlers.profiling import profiled

WORDS = (
    "a",
    "b c",
    "x,y",
    "x;y",
    "p|q",
    'q"q',
    "ü",
    "日本",
    "two\nlines",
    "tab\tin",
    " s ",
    "NA",
    "'",
    "-",
)
DATES = ("2024-01-05", "1999-12-31", "0001-01-01", "2024-02-29", "9999-12-31")
NAMES = ("n", "N", "c0", "d0", "count", 'say "x"', "a;b", "t", "loaded", "select", "x\ny", "名")
NUMBERS = ("number", "large", "decimal", "long decimal", "exponent", "code")


def a_number(chosen: random.Random, kind: str) -> str:
    sign = chosen.choice(["", "", "-"])
    if kind == "number":
        return f"{sign}{chosen.choice([0, 1, 2, 7, 10, 99, 12345, 10**15 - 1])}"
    if kind == "large":
        return f"{sign}{chosen.randint(1, 9)}{'0123456789' * 4}"[: chosen.randint(17, 39)]
    if kind == "decimal":
        return f"{sign}{chosen.randint(0, 999)}.{chosen.choice(['0', '5', '25', '1', '333', '07'])}"
    if kind == "long decimal":
        return f"{sign}{chosen.randint(0, 99)}.{chosen.randint(1, 9)}{'0192837465' * 2}"
    if kind == "exponent":
        exponent = chosen.choice([-3, 0, 5, 16, 300])
        return f"{sign}{chosen.randint(1, 9)}.{chosen.randint(0, 9)}e{exponent}"
    return f"0{chosen.randint(0, 99):02}"


def a_value(chosen: random.Random, kind: str) -> str:
    if kind in NUMBERS:
        return a_number(chosen, kind)
    if kind == "moment":
        return f"{chosen.choice(DATES[:4])}T{chosen.randint(0, 23):02}:30:15"
    if kind == "mixed":
        return chosen.choice([*WORDS, a_number(chosen, "number"), *DATES, "true"])
    return chosen.choice(CHOICES[kind])


CHOICES = {
    "date": DATES,
    "two kinds of date": (*DATES, "5/1/2024"),
    "boolean": ("true", "false"),
    "text": WORDS,
}
NUMERIC_NAME = 0.3
"""So often a name is a number, where the caller says that there are names."""
KINDS = (*NUMBERS, *CHOICES, "moment", "mixed")


@dataclass
class Table:
    """What it holds, and what a caller sends and says of it."""

    names: list[str]
    columns: list[list[Cell]]
    payload: dict[str, Any]
    form: str
    header: bool | None = None


def a_table(seed: int) -> Table:
    chosen = random.Random(seed)  # noqa: S311 - a table, no secret
    kinds = [chosen.choice(KINDS) for _ in range(chosen.randint(1, 5))]
    rows = chosen.choice([3, 5, 12, 40])
    values = [[a_value(chosen, kind) for _ in range(rows)] for kind in kinds]
    missing = [[chosen.random() < 0.1 for _ in range(rows)] for _ in kinds]
    names = chosen.sample(NAMES, len(kinds))
    if chosen.random() < 0.3:
        return _json(chosen, kinds, names, values, missing)
    return _csv(chosen, kinds, names, values, missing)


def _json(
    chosen: random.Random,
    kinds: list[str],
    names: list[str],
    values: list[list[str]],
    missing: list[list[bool]],
) -> Table:
    """Numbers and booleans as such, or all as texts; null, or left out, where there is none."""
    as_texts = [kind == "code" or chosen.random() < 0.3 for kind in kinds]
    columns: list[list[Cell]] = [
        [
            Cell(None if gone else text, is_text=quoted or kind not in (*NUMBERS, "boolean"))
            for text, gone in zip(column, away, strict=True)
        ]
        for kind, quoted, column, away in zip(kinds, as_texts, values, missing, strict=True)
    ]
    columns[0][0] = Cell(values[0][0], is_text=columns[0][0].is_text)
    lines = []
    for number in range(len(columns[0])):
        members = []
        for name, column in zip(names, columns, strict=True):
            cell = column[number]
            if cell.text is None and number and chosen.random() < 0.5:
                continue
            value = "null" if cell.text is None else cell.text
            written = json.dumps(value) if cell.is_text and cell.text is not None else value
            members.append(f"{json.dumps(name)}: {written}")
        lines.append("{" + ", ".join(members) + "}")
    is_array = chosen.random() < 0.5
    text = f"[{', '.join(lines)}]" if is_array else chosen.choice(["\n", "\r\n"]).join(lines)
    payload = _sent(chosen, text)
    # Left out in every later record, and null in the first: such a column is there all the same.
    return Table(names, columns, payload, "json" if is_array else "jsonl")


def _csv(
    chosen: random.Random,
    kinds: list[str],
    names: list[str],
    values: list[list[str]],
    missing: list[list[bool]],
) -> Table:
    delimiter = chosen.choice([",", ";", "\t", "|"])
    nulls = chosen.choice([(), ("NA", "-")])
    columns = [
        [
            Cell(None if gone or text in nulls else text)
            for text, gone in zip(column, away, strict=True)
        ]
        for column, away in zip(values, missing, strict=True)
    ]
    payload: dict[str, Any] = {"null_values": nulls} if nulls else {}
    has_header = chosen.random() < 0.7
    records = [
        [
            "" if gone[number] else column[number]
            for column, gone in zip(values, missing, strict=True)
        ]
        for number in range(len(values[0]))
    ]
    if has_header:
        # A name may be missing, or be a number.
        given = [name if chosen.random() < 0.8 else "" for name in names]
        given[0] = names[0]
        records.insert(0, given)
    if not _shows_its_header(kinds, missing, has_header=has_header) or chosen.random() < 0.3:
        payload["header"] = has_header
        if has_header and chosen.random() < NUMERIC_NAME:
            records[0][-1] = chosen.choice(["2020", "1.5", "0"])
    names = [
        name if has_header and name else f"column{number}"
        for number, name in enumerate(records[0] if has_header else [""] * len(kinds))
    ]
    end = chosen.choice(["\n", "\r\n", "mixed"])
    text = _written(chosen, records, delimiter, end)
    if chosen.random() < 0.15:
        text = f"sep={delimiter}\n{text}"
    elif len(kinds) == 1 or not {"text", "mixed"}.isdisjoint(kinds) or chosen.random() < 0.5:
        payload["delimiter"] = delimiter
    if chosen.random() < 0.2:
        text = "\n\r\n" + text
    payload |= _sent(chosen, text)
    return Table(names, columns, payload, "tsv" if delimiter == "\t" else "csv", has_header)


def _shows_its_header(kinds: list[str], missing: list[list[bool]], *, has_header: bool) -> bool:
    """Whether the rule for headers leaves no choice."""
    if has_header:
        return not any(kind in NUMBERS for kind in kinds)
    return all(kind in {"decimal", "date"} for kind in kinds) and not any(one[0] for one in missing)


def _written(chosen: random.Random, records: list[list[str]], delimiter: str, end: str) -> str:
    quotes_all = chosen.random() < 0.5
    lines = []
    for record in records:
        out = io.StringIO()
        # A line of one empty field would be a blank one.
        alone = record == [""]
        csv.writer(
            out,
            delimiter=delimiter,
            lineterminator="\r\n",
            quoting=csv.QUOTE_ALL if alone or quotes_all else csv.QUOTE_MINIMAL,
        ).writerow(record)
        line = out.getvalue().removesuffix("\r\n")
        lines.append(line + (chosen.choice(["\n", "\r\n"]) if end == "mixed" else end))
    return "".join(lines)


def _sent(chosen: random.Random, text: str) -> dict[str, Any]:
    """As text or as bytes, with and without a byte order mark."""
    way = chosen.choice(["text", "utf-8", "utf-8-sig", "utf-16"])
    if way == "text":
        return {"text": text}
    data = text.encode(way)
    assert way != "utf-16" or data.startswith(codecs.BOM_UTF16)
    return {"base64": base64.b64encode(data).decode()}


def check(seed: int) -> None:
    """Raise `AssertionError` for a profile that says anything wrong."""
    table = a_table(seed)
    result = profiled(**table.payload)
    where = (seed, table.payload)
    assert result.format == table.form, where
    assert result.header == table.header, where
    assert result.rows == len(table.columns[0]), where
    assert [column.name for column in result.columns] == table.names, where
    for column, cells in zip(result.columns, table.columns, strict=True):
        check_column(column, cells, where)


def main() -> None:
    """Check so many tables; the first that is wrong ends it."""
    first, count = (int(argument) for argument in (*sys.argv[1:], "0", "20000")[:2])
    for seed in range(first, first + count):
        check(seed)
    print(f"{count} tables, none of them wrong")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
