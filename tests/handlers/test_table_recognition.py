"""How a text is taken for a table, by rules that can be told."""

import base64
import tempfile
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from handlers.tables import duck
from handlers.tables.profile import TableProfile
from jobs.context import PermanentError
from tests.handlers.profiling import profiled
from tests.handlers.random_tables import check


def shape(result: TableProfile) -> tuple[object, ...]:
    return (
        result.delimiter,
        result.header,
        result.rows,
        [(column.name, column.type) for column in result.columns],
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k,n\n1,2\n3,4\n", (",", True, 2, [("k", "BIGINT"), ("n", "BIGINT")])),
        ("N,n\n1,2\n", (",", True, 1, [("N", "BIGINT"), ("n", "BIGINT")])),
        (",name\n0,Ann\n1,Bob\n", (",", True, 2, [("column0", "BIGINT"), ("name", "VARCHAR")])),
        (
            "name,city,\nAnn,Paris,\n",
            (",", True, 1, [("name", "VARCHAR"), ("city", "VARCHAR"), ("column2", "VARCHAR")]),
        ),
        (
            "country,1990,2000\nFR,1,2\nDE,3,4\n",
            (",", True, 2, [("country", "VARCHAR"), ("1990", "BIGINT"), ("2000", "BIGINT")]),
        ),
        ("Ann,3\nBob,4\n", (",", False, 2, [("column0", "VARCHAR"), ("column1", "BIGINT")])),
        ("1,2\n3,4\n", (",", False, 2, [("column0", "BIGINT"), ("column1", "BIGINT")])),
        ("k,d\n1,2024-01-05\n2,25/01/2024\n", (",", True, 2, [("k", "BIGINT"), ("d", "VARCHAR")])),
        ("v\n22.04.1\n20.04.2\n", (",", True, 2, [("v", "VARCHAR")])),
        ("v\n4-4-2\n4-3-3\n", (",", True, 2, [("v", "VARCHAR")])),
        ("m,v\n1/1/2019,1\n2/1/2019,2\n", (",", True, 2, [("m", "VARCHAR"), ("v", "BIGINT")])),
        ("zip\n01234\n98765\n", (",", True, 2, [("zip", "VARCHAR")])),
        ("a,b\r\n1,2\r\n3,4\n", (",", True, 2, [("a", "BIGINT"), ("b", "BIGINT")])),
        ("\n\na,b\n1,2\n", (",", True, 1, [("a", "BIGINT"), ("b", "BIGINT")])),
        ("sep=;\na;b\n1;2\n", (";", True, 1, [("a", "BIGINT"), ("b", "BIGINT")])),
        (
            "Preis, netto;Menge\n1,50;2\n3,75;4\n",
            (";", True, 2, [("Preis, netto", "VARCHAR"), ("Menge", "BIGINT")]),
        ),
        (
            "City, State\tPop\nBern, BE\t5\n",
            ("\t", True, 1, [("City, State", "VARCHAR"), ("Pop", "BIGINT")]),
        ),
        ("t\n2024-01-01T10:00:00Z\n", (",", True, 1, [("t", "TIMESTAMP WITH TIME ZONE")])),
        ("x\n0001-01-01T00:00:00+02:00\n", (",", True, 1, [("x", "VARCHAR")])),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_text_is_taken_apart(text: str, expected: tuple[object, ...]) -> None:
    """Delimiter, header, rows and types are what a person would say they are."""
    assert shape(profiled(text=text)) == expected


def test_what_the_caller_says_counts() -> None:
    """Header, delimiter and the texts that mean null."""
    result = profiled(text="Ann;3\nBob;NA\n", header=True, delimiter=";", null_values=["NA"])
    assert shape(result) == (";", True, 1, [("Ann", "VARCHAR"), ("3", "VARCHAR")])
    assert result.columns[1].nulls == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_encoding_is_known_by_its_mark(encoding: str) -> None:
    """Without one it must be UTF-8; what is neither is refused by name."""
    data = base64.b64encode("stadt,n\nZürich,1\n".encode(encoding)).decode()
    result = profiled(base64=data)
    assert result.encoding == encoding.removesuffix("-sig")
    assert (result.columns[0].name, result.columns[0].min) == ("stadt", "Zürich")
    with pytest.raises(PermanentError, match="not in UTF-8"):
        profiled(base64=base64.b64encode("stadt,n\nZürich,1\n".encode("latin-1")).decode())


@pytest.mark.parametrize(
    ("text", "rows", "names"),
    [
        ('[{"a": 1}, {"a": 2}]', 2, ["a"]),
        ('{"o": {"a": 1, "A": 2}}\n{"o": {"a": 3}}\n', 2, ["o"]),
        ("\n".join(f'{{"k{number}": {number}}}' for number in range(10)), 10, None),
    ],
)
def test_json_in_its_forms(text: str, rows: int, names: list[str] | None) -> None:
    """An array as well as lines; objects that share no names, or names that differ in case."""
    result = profiled(text=text)
    assert result.rows == rows
    assert names is None or [column.name for column in result.columns] == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<!DOCTYPE html><html></html>", "HTML page"),
        (",".join("a" * 300) + "\n", "300 columns"),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, "no JSON object"),
    ],
)
def test_a_refusal_says_the_true_reason(text: str, why: str) -> None:
    """And it is for good: the same table would be refused again."""
    with pytest.raises(PermanentError, match=why):
        profiled(text=text)


def test_a_file_that_claims_too_much_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some hundred bytes of Parquet can stand for any number of rows, and would fill the disk."""
    monkeypatch.setattr(duck, "BELIEVED_ROWS", 10)
    monkeypatch.setattr(duck, "BELIEVED_ROWS_A_BYTE", 0.001)
    with pytest.raises(PermanentError, match="claims 1,000 rows in"):
        profiled(base64=parquet("SELECT 7 AS n FROM range(1000)"))


def parquet(query: str) -> str:
    """A Parquet file of a query's rows, in base64."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "made")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
        return base64.b64encode(path.read_bytes()).decode()


def test_figures_are_exact() -> None:
    """Means of integers of any size, and decimals that no double can hold."""
    numbers = [1_700_000_000_000_000_000 + number for number in range(1001)]
    (column,) = profiled(text="x\n" + "\n".join(map(str, numbers))).columns
    assert column.mean == float(Fraction(sum(numbers), len(numbers)))
    assert (column.min, column.max) == (str(numbers[0]), str(numbers[-1]))
    texts = ["9007199254740993.25", "9007199254740993.75"]
    (column,) = profiled(text="x\n" + "\n".join(texts)).columns
    assert (column.distinct, column.min, column.max) == (2, *texts)


@pytest.mark.parametrize("seed", range(60))
def test_tables_made_at_random_agree_with_plain_python(seed: int) -> None:
    """Rows, nulls, different values and the mean of numbers, by exact arithmetic beside."""
    check(seed)


def test_a_large_decimal_keeps_its_digits() -> None:
    """It is shown as it was written, not rounded to another number."""
    text = "9" * 35 + ".5"
    (column,) = profiled(text=f"x\n{text}\n").columns
    assert (column.min, column.max) == (text, text)
