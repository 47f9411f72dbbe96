"""Job types: how they are made of handlers, and what they refuse."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from jobs.context import Context
from jobs.errors import InvalidRequest, UnknownJobType
from jobs.job.retry import RetryPolicy
from jobs.job_types import KEEP_FOR, MAX_TIMEOUT, JobType, Registry, job_type
from tests.factories import MINUTE, Words, a_registry, say


class Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    street: str
    zips: list[int] = []


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: Address
    text: str = ""


class Receipt(msgspec.Struct, frozen=True):
    number: int


def _send(payload: Letter, _context: Context) -> Receipt:
    """Send a letter.

    It may take a while.
    """
    return Receipt(len(payload.text))


def _letter_type(**changes: Any) -> JobType[Letter, Receipt]:
    fields: dict[str, Any] = {
        "name": "letter.send",
        "example": Letter(Address("Main Road 1")),
        "timeout": MINUTE,
    }
    made: JobType[Letter, Receipt] = job_type(**(fields | changes))(_send)
    return made


def test_a_job_type_is_its_function() -> None:
    """Types, description and function come from the handler, the rest has defaults."""
    kind = _letter_type()
    assert (kind.payload_type, kind.result_type, kind.run) == (Letter, Receipt, _send)
    assert kind.description == "Send a letter.\n\nIt may take a while."
    assert (kind.retry, kind.keep_for) == (RetryPolicy(), KEEP_FOR)


@pytest.mark.parametrize("name", ["a.b", "http.request", "a.b.c", "a1.b_2"])
def test_names(name: str) -> None:
    """A name is nouns and a verb in lower case, joined by dots."""
    assert _letter_type(name=name).name == name


@pytest.mark.parametrize(
    "name", ["", "send", "Letter.send", "letter.", ".send", "letter..send", "1a.b", "a.b\n", "é.b"]
)
def test_other_names_are_refused(name: str) -> None:
    """Any other name is refused where the job type is made."""
    with pytest.raises(ValueError, match=r"not of the form noun\.verb"):
        _letter_type(name=name)


def test_timeouts() -> None:
    """A timeout is positive and leaves room within one push."""
    for allowed in (timedelta(microseconds=1), MAX_TIMEOUT):
        assert _letter_type(timeout=allowed).timeout == allowed
    for refused in (timedelta(), -MINUTE, MAX_TIMEOUT + timedelta(microseconds=1)):
        with pytest.raises(ValueError, match=r"letter\.send: the timeout"):
            _letter_type(timeout=refused)


def test_decoding() -> None:
    """A payload becomes its type, from bytes as from raw JSON."""
    text = b'{"to": {"street": "Main Road 1", "zips": [1, 2]}}'
    expected = Letter(Address("Main Road 1", [1, 2]))
    assert _letter_type().decode(text) == _letter_type().decode(msgspec.Raw(text)) == expected


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (b'{"to": {"street": 5}}', "`$.payload.to.street`"),
        (b'{"to": {"street": "x", "zips": [1, "two"]}}', "`$.payload.to.zips[1]`"),
        (b'{"to": {}}', "`$.payload.to`"),
        (b'{"to": {"street": "x"}, "from": 1}', "`$.payload`"),
        (b"{}", "`$.payload`"),
        (b"[]", "`$.payload`"),
        (b"null", "`$.payload`"),
        (b'{"to": {"street": "x"', "`$.payload`"),
        (b"", "`$.payload`"),
        (b'{"to": {"street": "\xff"}}', "`$.payload`"),
    ],
)
def test_errors_name_the_path(payload: bytes, path: str) -> None:
    """A payload that does not fit is refused with the place as the caller knows it."""
    with pytest.raises(InvalidRequest) as refused:
        _letter_type().decode(payload)
    assert path in str(refused.value)
    assert str(refused.value).count("`$") == 1


def test_deep_nesting() -> None:
    """Nesting that can't be followed is refused as any other payload that does not fit."""
    deep = b'{"text": "", "rest": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(InvalidRequest, match=r"`\$\.payload`"):
        say.decode(deep)


def test_the_registry_finds_by_name() -> None:
    """A registry holds the listed job types, in their order."""
    dead_letter = _letter_type()
    registry = Registry([say, dead_letter])
    assert registry.get("letter.send") is dead_letter
    assert list(registry) == [say, dead_letter]


def test_unknown_types() -> None:
    """For an unknown name the error says which names there are."""
    with pytest.raises(UnknownJobType, match=r"no job type 'x\.y'\. There are: words\.say\."):
        a_registry().get("x.y")


def test_one_name_one_type() -> None:
    """Two job types of one name are refused."""
    with pytest.raises(ValueError, match=r"two job types letter\.send"):
        Registry([_letter_type(), say, _letter_type()])


def test_keeping() -> None:
    """A finished job of a type that is there no more is kept as long as by default."""
    assert a_registry().keep_for("words.say") == say.keep_for
    assert a_registry().keep_for("gone.away") == KEEP_FOR


def test_the_example_is_a_payload() -> None:
    """The builder's own example decodes, as every job type's must."""
    assert say.decode(msgspec.json.encode(say.example)) == Words("hello")
