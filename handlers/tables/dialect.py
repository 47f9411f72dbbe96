"""How a text is a table: its encoding, its delimiter, whether it has a header. Knows no DuckDB.

Our own rules, each of which can be told: docs/decisions/0078-tables-by-our-own-rules.md.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from jobs.context import PermanentError

DELIMITERS: Final = ("\t", ";", "|", ",")
"""Where two of them are as likely, the first: commas stand in texts and numbers too."""
SAMPLE: Final = 100
"""So many records are looked at for the delimiter and the header."""
CHUNK: Final = 1 << 20

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATOR_LINE: Final = re.compile(r"sep=([,;\t|])\r?\n?")
_NUMBER: Final = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?")
_YEARS: Final = range(1000, 3000)


@dataclass(frozen=True)
class Dialect:
    """What was recognised, or said. `names` are the header's, or made up where there is none."""

    delimiter: str
    header: bool
    names: tuple[str, ...]


def encoding_of(file: Path) -> str:
    """By its byte order mark; UTF-8 without one, which reading it will prove."""
    with file.open("rb") as source:
        head = source.read(4)
    return next((name for mark, name in _BOMS if head.startswith(mark)), "utf-8")


def as_utf8(file: Path, encoding: str) -> None:
    """Make the file UTF-8 without a byte order mark, which few programs skip rightly everywhere.

    Raises `PermanentError` if it isn't encoded so; of UTF-8 without a mark, reading it will prove.
    """
    with file.open("rb") as source:
        if encoding == "utf-8" and not source.read(4).startswith(codecs.BOM_UTF8):
            return
    target = file.with_name("plain")
    try:
        with (
            file.open(
                encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=""
            ) as text,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            while chunk := text.read(CHUNK):
                out.write(chunk)
    except UnicodeError as error:
        raise PermanentError(_not_in(encoding)) from error
    target.replace(file)


def plain(file: Path, given: str | None) -> str | None:
    """Give the file one kind of line end, and no blank lines before the table.

    Returns the delimiter that a first line `sep=;` names. Values stay as they are.
    """
    separator = None
    with _opened(file) as text:
        try:
            head = text.read(CHUNK)
        except UnicodeDecodeError as error:
            raise PermanentError(_not_in("utf-8")) from error
    start = head.lstrip("\r\n")
    if found := _SEPARATOR_LINE.match(start):
        separator = found[1]
    if start == head and not separator and not _is_mixed(file):
        return None
    _rewrite(file, separator or given, skips=bool(separator))
    return separator


def dialect_of(file: Path, delimiter: str | None, header: bool | None) -> Dialect:
    """The dialect of a plain file. Raises `PermanentError` for what can't be taken apart."""
    chosen = delimiter or _delimiter(file)
    records = _records(file, chosen)
    if not records:
        raise PermanentError("The table is empty.")
    first, rest = records[0], records[1:]
    is_header = _is_header(first, rest) if header is None else header
    names = [name if is_header and name else f"column{number}" for number, name in enumerate(first)]
    return Dialect(chosen, is_header, tuple(names))


def _not_in(encoding: str) -> str:
    return f"The table is not in {encoding.upper()}."


def _is_mixed(file: Path) -> bool:
    """Whether it has line ends of more than one kind."""
    both = feeds = returns = 0
    last = b""
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            both += (last + chunk).count(b"\r\n")
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            last = chunk[-1:] if chunk.endswith(b"\r") else b""
    return sum(count > 0 for count in (both, feeds - both, returns - both)) > 1


def _rewrite(file: Path, delimiter: str | None, *, skips: bool) -> None:
    target = file.with_name("plain")
    with (
        _opened(file) as source,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        try:
            if delimiter is None:
                out.write(_with_plain_ends(source.read()))
            else:
                records = csv.reader(source, delimiter=delimiter, strict=True)
                writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
                started = (record for record in records if record)
                writer.writerows(islice(started, 1 if skips else 0, None))
        except UnicodeError as error:
            raise PermanentError(_not_in("utf-8")) from error
        except csv.Error as error:
            raise PermanentError(f"The table is not well-formed CSV: {error}.") from error
    target.replace(file)


def _with_plain_ends(text: str) -> str:
    """Without knowing the delimiter: line ends inside quotes stay as they are."""
    parts = text.lstrip("\r\n").split('"')
    parts[::2] = [part.replace("\r\n", "\n").replace("\r", "\n") for part in parts[::2]]
    return '"'.join(parts)


def _opened(file: Path) -> TextIO:
    """The text with the line ends that it has."""
    return file.open(encoding="utf-8", newline="")


def _records(file: Path, delimiter: str) -> list[list[str]]:
    """The first ones. What is wrong behind them is found when all is read."""
    csv.field_size_limit(1 << 30)
    found: list[list[str]] = []
    with _opened(file) as text:
        try:
            for record in csv.reader(text, delimiter=delimiter, strict=True):
                if record:
                    found.append(record)
                if len(found) == SAMPLE:
                    break
        except UnicodeDecodeError as error:
            raise PermanentError(_not_in("utf-8")) from error
        except csv.Error:
            return found
    return found


def _delimiter(file: Path) -> str:
    """The one that gives the most records of one width, and of those the widest records."""
    scores = []
    for order, delimiter in enumerate(DELIMITERS):
        widths = [len(record) for record in _records(file, delimiter)]
        if not widths or widths[0] < 2:  # noqa: PLR2004 - it splits nothing
            continue
        equal = sum(width == widths[0] for width in widths)
        scores.append((equal / len(widths), min(len(widths), 2), widths[0], -order, delimiter))
    return max(scores)[-1] if scores else ","


def _is_header(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the first record names the columns.

    It does, unless it looks like the records below: a number or a date over a column of such.
    Numbers that count (0, 1, 2) or are years may be names, beside another that is no number.
    """
    if not rest:
        return True
    like_below = [
        cell
        for number, cell in enumerate(first)
        if _kind(cell) and _kind(cell) == _kind_of(record[number : number + 1] for record in rest)
    ]
    if not like_below:
        return True
    if len(like_below) == len([cell for cell in first if cell]):
        return False
    return all(cell.isdecimal() for cell in like_below) and _are_labels(list(map(int, like_below)))


def _are_labels(numbers: Sequence[int]) -> bool:
    counts = any(list(numbers) == list(range(start, start + len(numbers))) for start in (0, 1))
    are_years = all(number in _YEARS for number in numbers)
    return len(set(numbers)) == len(numbers) and (counts or are_years)


def _kind(cell: str) -> str:
    if _NUMBER.fullmatch(cell):
        return "number"
    return "date" if _DATE.fullmatch(cell) else ""


def _kind_of(cells: Iterable[Sequence[str]]) -> str:
    kinds = {_kind(cell[0]) for cell in cells if cell and cell[0]}
    return kinds.pop() if len(kinds) == 1 else ""
