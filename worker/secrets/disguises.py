"""The forms in which a secret's value may come out of libraries that quote and encode."""

import binascii
import html
import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

_PERCENT = re.compile("%[0-9A-F]{2}")
_BYTES_OF_BASE64 = 3


def forms(value: str) -> Iterator[str]:
    """The value and its pieces, each as it is and in every usual encoding."""
    for piece in {piece for piece in _pieces(value) if piece}:
        yield from _quoted(piece)
        yield from _in_base64(piece.encode())


def _pieces(value: str) -> Iterator[str]:
    """What alone would give the value away: words, parts of a URL, the login in `Basic ...`."""
    yield from (value, value.strip(), *value.split())
    if value.startswith("Basic "):
        yield from _login(value.removeprefix("Basic "))
    if "://" in value:
        url = urlsplit(value)
        yield from (url.path, url.query, f"{url.path}?{url.query}", url.password or "")
        yield from (text for _, text in parse_qsl(url.query))
        yield unquote(url.path)


def _login(encoded: str) -> Iterator[str]:
    """RFC 7617: the user and the password, joined by a colon."""
    try:
        login = b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return
    yield from (login, login.partition(":")[2])


def _quoted(piece: str) -> Iterator[str]:
    yield from (piece, repr(piece)[1:-1], html.escape(piece), html.escape(piece, quote=False))
    for text in (json.dumps(piece)[1:-1], json.dumps(piece, ensure_ascii=False)[1:-1]):
        yield from (text, text.replace("/", r"\/"))
        yield from (_escaped(text, "<>&"), _escaped(text, "<>&'"))
    for text in (quote(piece), quote(piece, safe=""), quote_plus(piece)):
        yield from (text, _PERCENT.sub(lambda found: found[0].lower(), text))
    yield from (piece.encode().hex(), piece.encode().hex().upper())


def _escaped(text: str, signs: str) -> str:
    """As Go's encoder and Flask's filter write JSON, to be safe in HTML."""
    return "".join(f"\\u{ord(char):04x}" if char in signs else char for char in text)


def _in_base64(data: bytes) -> Iterator[str]:
    """As it looks inside a longer text, wherever in that it begins: RFC 4648, sections 4 and 5."""
    for before in range(_BYTES_OF_BASE64):
        first = -(-before * 8 // 6)
        end = (before + len(data)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(b"\0" * before + data).decode()[first:end]
