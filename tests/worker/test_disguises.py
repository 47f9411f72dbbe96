"""Secrets are found in whatever form a library writes them."""

import html
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from jinja2.utils import htmlsafe_json_dumps

from worker.secrets.scrub import MARK, Scrubber

VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=12, max_size=60
)
TEXTS = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=5)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "repr": repr,
    "json": json.dumps,
    "json with characters": lambda text: json.dumps(text, ensure_ascii=False),
    "json with slashes escaped": lambda text: json.dumps(text).replace("/", "\\/"),
    "json safe in html": htmlsafe_json_dumps,
    "html": html.escape,
    "url": quote,
    "whole url": lambda text: quote(text, safe=""),
    "form": lambda text: urlencode({"a": "b", "token": text}),
    "plus": quote_plus,
    "hex": lambda text: text.encode().hex(),
}


@given(VALUES, TEXTS, TEXTS, st.sampled_from(sorted(ENCODINGS)))
def test_no_encoding_gives_it_away(value: str, before: str, after: str, name: str) -> None:
    """Quoted as programs quote, in a longer text, nothing of the value is left."""
    encoded = ENCODINGS[name](value)
    scrubbed = Scrubber([value]).text(f"{before} {encoded} {after}")
    assert MARK in scrubbed
    assert value not in scrubbed


@given(VALUES, st.binary(max_size=7), st.binary(max_size=7), st.booleans())
def test_no_alignment_of_base64_gives_it_away(
    value: str, before: bytes, after: bytes, for_urls: bool
) -> None:
    """Inside something longer that was encoded, wherever it begins, its core is gone."""
    encode = urlsafe_b64encode if for_urls else b64encode
    scrubbed = Scrubber([value]).text(encode(before + value.encode() + after).decode())
    assert MARK in scrubbed
    # What is left belongs to its first or last character, together with its neighbours.
    core = encode(value.encode()[2:-2]).decode()[4:-4]
    assert not core or core not in scrubbed


@given(VALUES)
def test_columns_of_a_table(value: str) -> None:
    """As a name, as a value and cut, in data of any depth."""
    data = {value: [{"deep": value, "cut": f"it is {value[:-2]}"}]}
    assert value not in json.dumps(Scrubber([value]).data(data), ensure_ascii=False)
    assert value[:-2] not in json.dumps(Scrubber([value]).data(data), ensure_ascii=False)


def test_a_login_and_a_url_are_known_by_their_parts() -> None:
    """The password alone, and a signed URL's signature alone, give as much away."""
    basic = "Basic " + b64encode(b"ada:correct horse battery").decode()
    assert Scrubber([basic]).text("it was correct horse battery") == f"it was {MARK}"
    url = "https://hooks.example.com/services/T000/B000?sig=abcdef%2F123456&v=1"
    scrubber = Scrubber([url])
    assert scrubber.text("sig abcdef/123456") == f"sig {MARK}"
    assert scrubber.text("POST /services/T000/B000") == f"POST {MARK}"


def test_ordinary_text_stays() -> None:
    """Pieces shorter than eight characters are no part of what is looked for."""
    text = "The bearer of this message, a short key and v=1."
    assert Scrubber(["Bearer short", "https://e.com/a?v=1"]).text(text) == text


def test_the_bounds_hold() -> None:
    """A text never grows, so that nothing is cut or refused because it was scrubbed."""
    value = "12345678"
    assert len(Scrubber([value]).text(f"{value}!")) <= len(f"{value}!")
    assert msgspec.json.decode(Scrubber([value]).json(f'["{value}"]')) == [MARK]
