"""Descriptions and JSON as HTML."""

import re
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"(https://[^\s<>`]*[^\s<>`.,;)])")
# Between these, JSON has only white space and punctuation that HTML takes as it is.
_TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")(:)?|(true|false|null|-?\d[\d.eE+-]*)')


def inline(text: str) -> Markup:
    """A description on one line: its `code` and its links are marked up."""
    coded = _CODE.sub(r"<code>\1</code>", str(escape(text)))
    return Markup(_LINK.sub(r'<a href="\1">\1</a>', coded))  # noqa: S704 - escaped above


def paragraphs(text: str) -> Markup:
    """A description of several paragraphs."""
    return Markup().join(Markup("<p>{}</p>\n").format(inline(part)) for part in text.split("\n\n"))


def indented(value: Any) -> str:
    """JSON for people."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def highlighted(value: Any) -> Markup:
    """JSON for people, its names, texts and other values told apart."""
    return Markup(_TOKEN.sub(_span, indented(value)))  # noqa: S704 - each token is escaped


def _span(found: re.Match[str]) -> str:
    text, colon, other = found.groups(default="")
    kind = "name" if colon else "text" if text else "value"
    return f'<span class="{kind}">{escape(text or other)}</span>{colon}'
