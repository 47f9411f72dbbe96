"""Which format a table has, and why one can't be read. Looks at bytes; knows no DuckDB."""

import codecs
import csv
import re
from pathlib import Path

import msgspec

from handlers.tables.profile import Format
from jobs.context import PermanentError

HEAD_BYTES = 64 * 1024
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def recognise(head: bytes, given: Format | None = None) -> Format:
    """The format as given, else from the table's first bytes.

    Raises `PermanentError` for an empty table, and for none that we know.
    """
    if not (text := _text(head).lstrip()):
        raise PermanentError("The table is empty.")
    if given:
        return given
    if head.startswith(b"PAR1"):
        return "parquet"
    if _HTML.match(text):
        raise PermanentError("The table is an HTML page.")
    if head.startswith(_WIDE):
        return "csv"
    if b"\0" in head:
        raise PermanentError("The table is neither CSV, TSV, JSON, JSON lines nor Parquet.")
    if text.startswith("{"):
        return "jsonl"
    if _ARRAY.match(text):
        return "json"
    return "csv"


_HTML = re.compile(r"(?i)<!doctype html|<html")
_ARRAY = re.compile(r"\[\s*(\{|\])")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def complaint(path: Path, form: Format, delim: str) -> str:
    """Why the file is no such table, with the line where it goes wrong, if that can be found."""
    found = None
    if form == "jsonl":
        found = _not_an_object(path)
    elif form in {"csv", "tsv"}:
        found = _ragged(path, delim)
    return found or f"The table can't be read as {_NAMES[form]}."


_NAMES: dict[Format, str] = {
    "csv": "CSV (RFC 4180, UTF-8)",
    "tsv": "TSV (UTF-8)",
    "json": "JSON (UTF-8, an array of objects)",
    "jsonl": "JSON lines (UTF-8, one object on each line)",
    "parquet": "Parquet",
}


def _text(head: bytes) -> str:
    return head.decode("utf-8", "replace").removeprefix(_BOM)


def _not_an_object(path: Path) -> str | None:
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return f"Line {number} of the table is no JSON object."
    return None


def _ragged(path: Path, delim: str) -> str | None:
    """The first record whose number of fields is not that of the first one."""
    width = 0
    with path.open(encoding="utf-8-sig", newline="") as lines:
        records = csv.reader(lines, delimiter=delim, strict=True)
        try:
            for record in records:
                width = width or len(record)
                if record and len(record) != width:
                    return (
                        f"The record that ends on line {records.line_num} of the table has"
                        f" {len(record)} fields; the first one has {width}."
                    )
        except UnicodeDecodeError:
            return "The table is not in UTF-8."
        except csv.Error:
            return f"Line {records.line_num} of the table is not well-formed CSV (RFC 4180)."
    return None
