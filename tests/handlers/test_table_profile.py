"""What a profile says: figures, types, and how values are shown."""

import base64
import json
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from handlers.tables.profile import MAX_COLUMNS, Column, cut, text_bytes
from tests.handlers.profiling import CITIES, columns_of, made
from tests.handlers.profiling import profiled as run


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go in these tests. Nothing is left there after any of them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.glob("dormouse-*")) == []


def test_a_csv_is_profiled() -> None:
    """Rows, types, nulls, extremes, means, quartiles and the most frequent values."""
    result = run(text=CITIES)

    assert (result.format, result.rows) == ("csv", 4)
    columns = columns_of(result)
    assert list(columns) == ["city", "country", "inhabitants", "area", "founded", "capital"]
    assert columns["country"] == Column(
        name="country",
        type="VARCHAR",
        nulls=0,
        distinct=3,
        min="FR",
        max="NO",
        mean=None,
        q25=None,
        q50=None,
        q75=None,
        top=columns["country"].top,
    )
    assert [(t.value, t.count) for t in columns["country"].top] == [("FR", 2), ("IT", 1), ("NO", 1)]
    inhabitants = columns["inhabitants"]
    assert (inhabitants.type, inhabitants.nulls, inhabitants.distinct) == ("BIGINT", 1, 3)
    assert (inhabitants.min, inhabitants.max) == (522250, 2746984)
    assert inhabitants.mean == pytest.approx((2102650 + 2746984 + 522250) / 3)
    assert (inhabitants.q25, inhabitants.q50, inhabitants.q75) == (1312450, 2102650, 2424817)
    founded = columns["founded"]
    assert (founded.type, founded.min, founded.max) == ("DATE", "0043-10-09", "1040-01-01")
    assert founded.mean is None
    capital = columns["capital"]
    assert (capital.type, capital.min, capital.max) == ("BOOLEAN", False, True)
    assert capital.mean is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a,b\n1,x\n", "csv"),
        ("a;b\n1;x\n", "csv"),
        ("a|b\n1|x\n", "csv"),
        ("a\tb\n1\tx\n", "tsv"),
        ('{"a": 1, "b": "x"}\n', "jsonl"),
        ('\n{"a": 1, "b": "x"}', "jsonl"),
        ("\ufeffa,b\n1,x\n", "csv"),
        ('"a","b"\r\n1,"x"\r\n', "csv"),
        ("a,b\n1,x", "csv"),
    ],
)
def test_the_format_is_recognised(text: str, form: str) -> None:
    """By the content alone: magic bytes, braces, delimiters."""
    result = run(text=text)

    assert result.format == form
    assert [(c.name, c.type, c.min) for c in result.columns] == [
        ("a", "BIGINT", 1),
        ("b", "VARCHAR", "x"),
    ]


def test_a_format_that_is_given_counts() -> None:
    """A table with more tabs than commas is CSV if the caller says so."""
    result = run(text="a,b\tc\td\n1,2\t3\t4\n", format="tsv")

    assert (result.format, len(result.columns)) == ("tsv", 3)


@pytest.mark.parametrize("form", ["csv", "parquet", "json", "csv, delimiter '\t'"])
def test_every_format_gives_the_same_profile(folders: Path, form: str) -> None:
    """A table that DuckDB wrote in each format, read back from base64."""
    query = "SELECT i, 'name ' || i % 7 AS name, i / 4 AS quarter FROM range(1000) AS t(i)"
    data = made(query, f"FORMAT {form}", folders)

    result = run(base64=base64.b64encode(data).decode())

    assert result.rows == 1000
    columns = columns_of(result)
    assert (columns["i"].min, columns["i"].max, columns["i"].distinct) == (0, 999, 1000)
    assert (columns["i"].q25, columns["i"].q50, columns["i"].q75) == (249.75, 499.5, 749.25)
    assert columns["name"].distinct == 7
    assert [(t.value, t.count) for t in columns["name"].top][:2] == [
        ("name 0", 143),
        ("name 1", 143),
    ]
    assert columns["quarter"].mean == pytest.approx(124.875)


def test_quartiles_are_those_of_duckdb(folders: Path) -> None:
    """The quartiles, which are made in another way to save memory, equal `quantile_cont`."""
    query = "SELECT (hash(i) % 1000)::INTEGER / 8 AS n FROM range(997) AS t(i)"
    data = made(query, "FORMAT parquet", folders)
    with duckdb.connect() as connection:
        ((expected,),) = connection.execute(
            f"SELECT quantile_cont(n, [0.25, 0.5, 0.75]) FROM ({query})"  # noqa: S608 - ours
        ).fetchall()

    (column,) = run(base64=base64.b64encode(data).decode()).columns

    assert [column.q25, column.q50, column.q75] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "type_", "shown"),
    [
        ("DATE '2024-02-29'", "DATE", "2024-02-29"),
        ("TIMESTAMP '2024-02-29 12:30:00.5'", "TIMESTAMP", "2024-02-29T12:30:00.5"),
        (
            "TIMESTAMPTZ '2024-02-29 12:30:00+02'",
            "TIMESTAMP WITH TIME ZONE",
            "2024-02-29T10:30:00Z",
        ),
        ("TIME '12:30:00'", "TIME", "12:30:00"),
        ("1.5::DECIMAL(9, 2)", "DECIMAL(9,2)", 1.5),
        ("9007199254740993", "BIGINT", "9007199254740993"),
        (
            "18446742070018747821::UBIGINT",
            "UBIGINT",
            "18446742070018747821",
        ),
        ("true", "BOOLEAN", True),
        ("'\\x00a'::BLOB", "BLOB", "\\x00a"),
        ("INTERVAL 3 DAY", "INTERVAL", "3 days"),
        (
            "'0d3a4c0e-8a7e-4f6f-9c1f-3c6d1b9f0a11'::UUID",
            "UUID",
            "0d3a4c0e-8a7e-4f6f-9c1f-3c6d1b9f0a11",
        ),
    ],
)
def test_every_type_has_a_json_form(folders: Path, value: str, type_: str, shown: object) -> None:
    """Times are ISO 8601, integers beyond 2^53 text, everything else what JSON has for it."""
    data = made(f"SELECT {value} AS v UNION ALL SELECT NULL", "FORMAT parquet", folders)

    (column,) = run(base64=base64.b64encode(data).decode()).columns

    assert column.type == type_
    assert (column.min, column.max, column.nulls, column.distinct) == (shown, shown, 1, 1)
    assert [(t.value, t.count) for t in column.top] == [(shown, 1)]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"v": {"b": [1, {"c": null}]}}', '{"b":[1,{"c":null}]}'),
        ('{"v": [1, 2]}', "[1,2]"),
    ],
)
def test_nested_values_are_shown_as_json(line: str, shown: str) -> None:
    """They have no order, so no extremes, but they can be counted."""
    (column,) = run(text=line + "\n" + line).columns

    assert (column.min, column.max, column.mean, column.distinct) == (None, None, None, 1)
    assert [(t.value, t.count) for t in column.top] == [(shown, 2)]


def test_what_is_not_finite_is_kept_out_of_the_figures() -> None:
    """NaN and infinity are no JSON; they are counted as values and shown as text."""
    (column,) = run(text="n\nnan\ninf\n-inf\n1.0\n3.0\n").columns

    assert (column.min, column.max, column.mean) == (1.0, 3.0, 2.0)
    assert (column.q25, column.q50, column.q75) == (1.5, 2.0, 2.5)
    assert (column.nulls, column.distinct) == (0, 5)
    assert {t.value for t in column.top} == {"nan", "inf", "-inf", 1.0, 3.0}


def test_a_sum_may_be_larger_than_a_double() -> None:
    """Their mean is not."""
    (column,) = run(text="n\n1e308\n1.5e308\n").columns

    assert (column.mean, column.max) == (1.25e308, 1.5e308)


@pytest.mark.parametrize(
    ("values", "type_", "mean"),
    [
        (["9" * 38] * 3, "HUGEINT", 1e38),
        (["-" + "9" * 38, "9" * 38, "4"], "HUGEINT", 4 / 3),
        (["1e16", "1", "-1e16"], "DOUBLE", 1 / 3),
        (["0.1"] * 10, "DOUBLE", 0.1),
        (["9" * 36 + ".5"] * 2, "DECIMAL(38,1)", 1e36),
        (["1e400", "1"], "VARCHAR", None),
        (["1e-400", "1"], "VARCHAR", None),
        (["4.9406564584124654e-324"], "VARCHAR", None),
        (["1.23456789012345e-310", "1"], "VARCHAR", None),
        (["0e-400", "1"], "DOUBLE", 0.5),
        (["9" * 39], "VARCHAR", None),
        (["0000-01-01"], "VARCHAR", None),
        (["0001-01-01"], "DATE", None),
        (["0000-12-31T00:00:00"], "VARCHAR", None),
    ],
)
def test_figures_are_exact_or_not_there(values: list[str], type_: str, mean: float | None) -> None:
    """No sum overflows or rounds, and what no number holds is a text."""
    (column,) = run(text="n\n" + "\n".join(values) + "\n", header=True).columns
    assert (column.type, column.mean) == (type_, mean)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a\x01b", "a\x02b"),
        ("a\x00", "a\ufffd"),
        ("x" * 300 + "1", "x" * 300 + "2"),
        ("é" * 150, "é" * 151),
        ("'" * 250 + "a", "'" * 250 + "b"),
    ],
)
@pytest.mark.parametrize("columns", [1, MAX_COLUMNS])
def test_values_that_differ_are_shown_differently(columns: int, first: str, second: str) -> None:
    """Control characters stay, and what is cut says what it was."""
    record = {f"c{number}": first for number in range(columns)}
    text = "\n".join(json.dumps({**record, "c0": one}) for one in (first, second))
    column = run(text=text).columns[0]
    assert column.distinct == 2
    assert column.min != column.max
    assert len({one.value for one in column.top}) == 2


def test_a_column_of_nulls_and_a_table_without_rows() -> None:
    """Nothing to count is no error."""
    empty = run(text="a,b\n")
    nulls = columns_of(run(text="a,b\n1,\n2,\n"))["b"]

    assert (empty.rows, [c.name for c in empty.columns]) == (0, ["a", "b"])
    assert (empty.columns[0].min, empty.columns[0].q50, empty.columns[0].top) == (None, None, ())
    assert (nulls.nulls, nulls.distinct, nulls.min, nulls.top) == (2, 0, None, ())


def test_a_name_is_data() -> None:
    """Names of columns and values with SQL in them do nothing."""
    name = 'a"; DROP TABLE t; --'
    result = run(text='"a""; DROP TABLE t; --",b\n\'; DROP TABLE t; --,2\n')

    assert [c.name for c in result.columns] == [name, "b"]
    assert result.columns[0].min == "'; DROP TABLE t; --"


def test_long_texts_are_cut() -> None:
    """Names after 100 bytes, values after 200, and the cut is visible."""
    column = run(text="n" * 300 + "\n" + "ü" * 300 + "\n").columns[0]

    assert column.name == "n" * 89 + "…" + sha256(b"n" * 300).hexdigest()[:8]
    assert column.min == "ü" * 94 + "…" + sha256(("ü" * 300).encode()).hexdigest()[:8]
    assert len(str(column.min).encode()) <= 200


@pytest.mark.parametrize(
    ("text", "at_most", "result"),
    [
        ("abc", 15, "abc"),
        ("a" * 15, 15, "a" * 15),
        ("a" * 16, 15, "aaaa…12345678"),
        ("ü" * 8, 15, "üü…12345678"),
        ("😀" * 4, 15, "😀…12345678"),
        ("a\x00\n", 15, "a\x00\n"),
        ("\x00" * 6, 15, "\x00…12345678"),
        ('"' * 15, 15, '"' * 15),
    ],
)
def test_a_cut_counts_bytes_and_keeps_characters_whole(
    text: str, at_most: int, result: str
) -> None:
    """So that the size of a profile in JSON can be bounded."""
    assert cut(text, "123456789", at_most) == result


@pytest.mark.parametrize("columns", [1, 10, 36, 100, MAX_COLUMNS])
def test_the_widest_profile_fits_into_a_result(columns: int) -> None:
    """Whatever the names and values are: quotes double, control characters would grow sixfold."""
    wild = '"\\' * 100 + "\x01\x02" * 100
    header = ",".join('"' + f"{i:03}" + '""' * 150 + '"' for i in range(columns))
    rows = "\n".join(
        ",".join('"' + f"{row}" + wild.replace('"', '""') + '"' for _ in range(columns))
        for row in range(6)
    )

    result = run(base64=base64.b64encode(f"{header}\n{rows}\n".encode()).decode())

    assert len(result.columns) == columns
    assert 2 * 7 * text_bytes(columns) * columns <= 100_000 + 2 * 7 * columns
