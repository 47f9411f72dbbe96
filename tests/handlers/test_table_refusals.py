"""What is no table fails at once, with the true reason."""

import base64
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handlers.tables import duck
from handlers.tables.profile import MAX_COLUMNS
from jobs.context import PermanentError
from tests.handlers.profiling import made
from tests.handlers.profiling import profiled as run


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go in these tests. Nothing is left there after any of them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.glob("dormouse-*")) == []


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
        ({"text": "\n" * 70_000 + "a\n1\n"}, "begins with 65,536 bytes of blank lines"),
        ({"text": "", "format": "parquet"}, "The table is empty."),
        ({"base64": "iVBORw0KGgoAAAANSUhEUgAA"}, "The table is a picture."),
        ({"base64": "AAEAAAANSUhEUgAA"}, "neither CSV, TSV, JSON, JSON lines nor Parquet"),
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
