import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from handlers import REGISTRY
from handlers.tables import duck, table
from handlers.tables.dialect import Dialect
from handlers.tables.profile import MAX_COLUMNS, Column, TableProfile, cut, text_bytes
from jobs.context import Cancelled, Context, PermanentError
from jobs.errors import InvalidRequest
from tests.handlers.profiling import profiled as run
from tests.handlers.recording import RecordingLink, a_context
from tests.handlers.web import Web

ROOT = Path(__file__).parent.parent.parent
JOB_TYPE = REGISTRY.get("table.profile")

CITIES = """\
city,country,inhabitants,area,founded,capital
Paris,FR,2102650,105.4,,true
Rome,IT,2746984,1285.0,0753-04-21,true
Lyon,FR,522250,47.87,0043-10-09,false
Oslo,NO,,454.0,1040-01-01,true
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go in these tests. Nothing is left there after any of them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.glob("dormouse-*")) == []


def columns_of(result: TableProfile) -> dict[str, Column]:
    return {column.name: column for column in result.columns}


def made(query: str, form: str, folder: Path) -> bytes:
    """A file that DuckDB itself wrote."""
    path = folder / "made"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{path}' ({form})")
    return path.read_bytes()


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


def test_a_mean_that_overflows_is_null() -> None:
    """An infinite mean is no JSON."""
    (column,) = run(text="n\n1e308\n1.5e308\n").columns

    assert (column.mean, column.max) == (None, 1.5e308)


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

    assert column.name == "n" * 97 + "…"
    assert column.min == "ü" * 98 + "…"
    assert len(str(column.min).encode()) <= 200


@pytest.mark.parametrize(
    ("text", "at_most", "result"),
    [
        ("abc", 5, "abc"),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "ab…"),
        ("üüü", 5, "ü…"),
        ("😀😀", 8, "😀😀"),
        ("😀😀😀", 8, "😀…"),
        ("a\x00\n", 20, "a\ufffd\ufffd"),
    ],
)
def test_a_cut_counts_bytes_and_keeps_characters_whole(
    text: str, at_most: int, result: str
) -> None:
    """So that the size of a profile in JSON can be bounded."""
    assert cut(text, at_most) == result


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


def test_a_table_that_is_too_wide_fails() -> None:
    """A profile of it would not fit into a result."""
    row = ",".join(map(str, range(MAX_COLUMNS + 1)))

    with pytest.raises(PermanentError, match="The table has 201 columns; at most 200"):
        run(text=f"{row}\n{row}\n")


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({"text": ""}, "The table is empty."),
        ({"text": " \n\n"}, "The table is empty."),
        ({"text": "", "format": "parquet"}, "The table is empty."),
        ({"base64": "iVBORw0KGgoAAAANSUhEUgAA"}, "neither CSV, TSV, JSON, JSON lines nor Parquet"),
        (
            {"text": "a,b\n1,2\n3\n5,6,7\n"},
            "The record that ends on line 3 of the table has 1 fields; the first one has 2.",
        ),
        (
            {"text": "a,b\n" + "1,2\n" * 40_000 + "1,2,3\n"},
            "The record that ends on line 40002 of the table has 3 fields; the first one has 2.",
        ),
        ({"text": 'a,b\n"x,2\n3,4\n'}, "is not well-formed CSV"),
        ({"base64": base64.b64encode(b"a,b\n1,\xff\n").decode()}, "not in UTF-8"),
        ({"text": '{"a": 1}\n{"a":\n'}, "Line 2 of the table is no JSON object."),
        ({"text": '{"a": 1}\n[1]\n'}, "Line 2 of the table is no JSON object."),
        ({"text": '{"a": 1}{"a": 2}\n'}, "Line 1 of the table is no JSON object."),
        ({"text": '[{"a": 1}]', "format": "jsonl"}, "Line 1 of the table is no JSON object."),
        ({"text": "PAR1 and then nothing"}, "The table can't be read as Parquet."),
        ({"text": "a,b\n1,2\n", "format": "parquet"}, "The table can't be read as Parquet."),
    ],
)
def test_a_broken_table_fails_at_once_and_clearly(
    folders: Path, payload: dict[str, Any], complaint: str
) -> None:
    """The message says where it is broken, and nothing of the worker's files."""
    with pytest.raises(PermanentError) as failed:
        run(**payload)

    assert complaint in str(failed.value)
    assert str(folders) not in str(failed.value)


def test_a_broken_parquet_fails_at_once(folders: Path) -> None:
    """Wherever it is cut or changed, it never takes the worker along."""
    whole = made("SELECT i, i::VARCHAR AS s FROM range(3000) AS t(i)", "FORMAT parquet", folders)
    for position in range(4, len(whole), len(whole) // 40):
        data = bytearray(whole)
        data[position : position + 16] = b"\xff" * 16
        try:
            run(base64=base64.b64encode(data).decode())
        except (PermanentError, duck.TableFailure) as failed:
            assert str(folders) not in str(failed)  # noqa: PT017 - what it raises is for Parquet to say
    with pytest.raises(PermanentError, match="can't be read as Parquet"):
        run(base64=base64.b64encode(whole[: len(whole) // 2]).decode())


def test_a_table_is_fetched(web: Web, ctx: Context) -> None:
    """From a URL, streamed to a file."""
    web.answer("/cities.csv", CITIES.encode())

    assert run(ctx, url=web.url("/cities.csv")).rows == 4


def test_a_table_behind_a_blocked_address_is_not_fetched() -> None:
    """URLs in every job type go the one way."""
    with pytest.raises(PermanentError, match="not a public host"):
        run(url="https://169.254.169.254/table.csv")


def test_a_table_that_is_too_large_is_not_fetched(
    web: Web, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is counted on the way, and the part that was fetched is removed."""
    monkeypatch.setattr("handlers.table_profile.MAX_SOURCE_BYTES", 1000)
    web.answer("/", b"a,b\n" * 1000)

    with pytest.raises(PermanentError, match="larger than 1,000 bytes"):
        run(ctx, url=web.url("/"))


def test_a_large_table_tells_of_its_progress(
    link: RecordingLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small one does not: each report costs a write."""
    ctx = a_context(link=link)
    run(ctx, text=CITIES)
    assert (link.progress, link.checks) == ([], 0)

    monkeypatch.setattr(table, "REPORTED_CELLS", 10)
    run(ctx, text=CITIES)

    assert [round(p.fraction * 6) for p in link.progress] == [0, 1, 2, 3, 4, 5]


def test_a_cancelled_job_stops_profiling(
    link: RecordingLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large table's job learns of it at the next column, and leaves nothing behind."""
    monkeypatch.setattr(table, "REPORTED_CELLS", 0)
    link.cancelled = True

    with pytest.raises(Cancelled):
        run(a_context(link=link), text=CITIES)


def test_a_query_ends_before_the_attempt_does(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes of Parquet stand for a billion rows; the files are removed in time."""
    data = made(
        "SELECT 7 AS n, 'x' AS s FROM range(20000000)",
        "FORMAT parquet, ROW_GROUP_SIZE 20000000",
        folders,
    )
    monkeypatch.setattr(duck, "BELIEVED_ROWS", 10**9)
    ctx = a_context(deadline=datetime.now(UTC) + table.TIDYING)

    with pytest.raises(TimeoutError, match="could not be profiled in time"):
        run(ctx, base64=base64.b64encode(data).decode())


def test_what_takes_too_much_memory_fails_for_good(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another attempt would not find more memory."""
    monkeypatch.setitem(duck._BEFORE, "memory_limit", "20MB")
    monkeypatch.setattr(duck, "SPILL_LIMIT", "0KB")
    data = made("SELECT hash(i)::VARCHAR AS s FROM range(400000) AS t(i)", "FORMAT csv", folders)

    with pytest.raises(PermanentError, match="takes more memory"):
        run(base64=base64.b64encode(data).decode())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process by its data")
def test_memory_is_given_back() -> None:
    """What one table took does not count against the next job of the same process."""
    code = """
from pathlib import Path
from tempfile import TemporaryDirectory
from handlers.tables import table
from tests.handlers.recording import a_context

def data_mib_after(rows):
    with TemporaryDirectory() as folder:
        file = Path(folder, "table")
        file.write_text("n\\n" + "\\n".join(str(row * 7919 % rows) for row in range(rows)))
        table.profile(file, table.Given(), a_context())
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmData:")[2].split()[0]) // 1024

small = data_mib_after(10)
print(data_mib_after(2_000_000) - small)
"""
    ran = subprocess.run(  # noqa: S603 - this interpreter, and the code above
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert int(ran.stdout) < 60  # DuckDB's allocator would keep 190 if it were not told otherwise


@pytest.mark.parametrize(
    "query",
    [
        "FROM read_csv('/etc/passwd')",
        "FROM read_text('/etc/hostname')",
        "FROM read_blob('/proc/self/environ')",
        "FROM '/etc/passwd'",
        "FROM sniff_csv('/etc/passwd')",
        "FROM glob('/*')",
        "FROM read_csv('https://example.com/a.csv')",
        "ATTACH '/tmp/other.duckdb'",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "EXPORT DATABASE '/tmp/stolen'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['/etc/passwd']",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "PRAGMA database_list; SET threads = 64",
        "FROM local_variable",
    ],
)
def test_the_database_can_do_nothing_else(tmp_path: Path, query: str) -> None:
    """Even if SQL of a stranger got through: no other file, no network, no setting."""
    file = tmp_path / "table"
    file.write_text("a\n1\n")
    local_variable = [1]

    with duck._locked_down(file) as connection:
        duck._load(connection, file, "csv", Dialect(",", True, ("a",)), ())
        assert connection.execute("FROM loaded").fetchall() == [("1",)]
        with pytest.raises(duckdb.Error):
            connection.execute(query)

    assert local_variable == [1]


def test_the_folder_of_a_killed_process_is_removed(folders: Path) -> None:
    """A handler that is killed can't tidy up; the next one does it, and spares the living."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    orphan = folders / f"dormouse-table-{gone.pid}-abc"
    orphan.mkdir()
    (orphan / "table").write_text("a\n1\n")
    living = folders / f"dormouse-table-{os.getppid()}-abc"
    living.mkdir()

    run(text=CITIES)

    assert not orphan.exists()
    assert living.exists()
    living.rmdir()


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({}, "exactly one of"),
        ({"text": "a", "base64": "YQ=="}, "exactly one of"),
        ({"url": "https://example.com/", "text": "a"}, "exactly one of"),
        ({"url": "ftp://example.com/"}, "https://"),
        ({"base64": "%%%"}, "Invalid base64 encoded string - at `$.payload.base64`"),
        ({"text": "a", "format": "xlsx"}, "Invalid enum value 'xlsx' - at `$.payload.format`"),
        ({"text": "a", "quote": ","}, "unknown field `quote`"),
    ],
)
def test_a_payload_that_names_no_table_is_refused(payload: Any, complaint: str) -> None:
    """Before a job is made of it, with words that say what is wrong."""
    with pytest.raises(InvalidRequest) as refused:
        JOB_TYPE.decode(msgspec.json.encode(payload))

    assert complaint in str(refused.value)


def test_the_example_runs() -> None:
    """The example in the catalogue is a table that can be profiled."""
    result = JOB_TYPE.run(JOB_TYPE.decode(msgspec.json.encode(JOB_TYPE.example)), a_context())

    assert [c.name for c in result.columns] == ["city", "inhabitants"]
