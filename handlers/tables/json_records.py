"""JSON and JSON lines as columns of texts, so that nothing is read that isn't there.

Each value stays its own text: numbers with all their digits, texts that look like dates as they
are. Knows no DuckDB.
"""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from handlers.tables.layout import Layout, Texts
from handlers.tables.profile import MAX_COLUMNS, Format
from jobs.context import PermanentError

Record = dict[str, msgspec.Raw]

_record: Final = msgspec.json.Decoder(Record)
_elements: Final = msgspec.json.Decoder(list[msgspec.Raw])
_text: Final = msgspec.json.Decoder(str)
_any: Final = msgspec.json.Decoder(float_hook=Decimal)
_NULL: Final = "null"
_canonical: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")


def as_texts(file: Path, form: Format) -> Layout:
    """Make of the file a CSV of its values, all of them but null in quotes, without a header.

    Raises `PermanentError` for what is no table of JSON, and where it isn't.
    """
    kinds: dict[str, set[str]] = {}
    for record in _records(file, form):
        for name, value in record.items():
            kinds.setdefault(name, set()).add(_kind(value))
        if len(kinds) > MAX_COLUMNS:
            raise PermanentError(f"The table has more than {MAX_COLUMNS} columns.")
    if not kinds:
        raise PermanentError("The table is empty.")
    texts = tuple(_texts(found - {"null"}) for found in kinds.values())
    written = [(name, _WRITTEN[one]) for name, one in zip(kinds, texts, strict=True)]
    target = file.with_name("texts")
    with target.open("w", encoding="utf-8", newline="") as out:
        for record in _records(file, form):
            out.write(",".join([_cell(record.get(name), write) for name, write in written]))
            out.write("\n")
    target.replace(file)
    return Layout(
        delimiter=",",
        header=False,
        names=tuple(kinds),
        texts=texts,
        nulls=(_NULL,),
        quoted_nulls=False,
    )


def _records(file: Path, form: Format) -> Iterator[Record]:
    for where, text in _lines(file) if form == "jsonl" else _array(file):
        try:
            record = _record.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise PermanentError(f"{where} of the table is no JSON object.") from error
        # Each name has a colon; where there are more, one may be a name that came twice.
        if text.count(b":") != len(record):
            _check_names(text, where)
        yield record


def _lines(file: Path) -> Iterator[tuple[str, bytes]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield f"Line {number}", line


def _array(file: Path) -> Iterator[tuple[str, bytes]]:
    try:
        elements = _elements.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PermanentError("The table is no JSON array.") from error
    for number, element in enumerate(elements, 1):
        yield f"Element {number}", bytes(element)


def _check_names(text: bytes, where: str) -> None:
    names = json.loads(text, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
    if len(set(names)) != len(names):
        raise PermanentError(f"{where} of the table has a name twice.")


def _kind(value: msgspec.Raw) -> str:
    first = bytes(value)[:1]
    return _KINDS.get(first, "number")


_KINDS: Final = {
    b'"': "text",
    b"t": "boolean",
    b"f": "boolean",
    b"n": "null",
    b"{": "nested",
    b"[": "nested",
}


def _texts(kinds: set[str]) -> Texts:
    if len(kinds) > 1 or "nested" in kinds:
        return Texts.JSON
    return Texts.TEXTS if "text" in kinds else Texts.ANYTHING


def _cell(value: msgspec.Raw | None, write: Callable[[bytes], str]) -> str:
    if value is None or (text := bytes(value)) == b"null":
        return _NULL
    return '"' + write(text).replace('"', '""') + '"'


def _as_text(text: bytes) -> str:
    try:
        return _text.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PermanentError("The table has a text that isn't Unicode in UTF-8.") from error


def _as_json(text: bytes) -> str:
    """Alike for values that are equal, whatever their spaces, escapes and order of names."""
    try:
        return _canonical.encode(_any.decode(text)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise PermanentError(
            "The table has a value that is nested too deep, isn't Unicode in UTF-8, or is a number"
            " beyond all bounds."
        ) from error


_WRITTEN: Final[dict[Texts, Callable[[bytes], Any]]] = {
    Texts.ANYTHING: bytes.decode,
    Texts.TEXTS: _as_text,
    Texts.JSON: _as_json,
}
