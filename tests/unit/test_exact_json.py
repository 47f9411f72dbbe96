"""A payload whose numbers no double holds, wherever a part of it is changed on its way."""

import json

import msgspec
import pytest

from jobs.payloads import exact_json
from jobs.payloads.redaction import without_credentials
from jobs.payloads.secret_references import resolved
from worker.secrets.scrub import Scrubber

NUMBERS = (
    "0.1234567890123456789012",
    "123456789012345678901234567890.5",
    "18446744073709551617",
    "1.0",
    "1E+30",
    "-0.0",
    "1E-400",
)
CHANGED = {
    "a secret is put in": lambda text: resolved(text, lambda *_: "value of it"),
    "credentials are hidden": lambda text: bytes(without_credentials(msgspec.Raw(text))),
    "a secret is scrubbed": lambda text: Scrubber(["value-of-it"]).json(text.decode()).encode(),
}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_a_number_keeps_its_digits(change: object, number: str) -> None:
    """What is changed is the part that must be, and no number beside it."""
    text = (
        f'{{"n":[{number}],"a":{{"$secret":"x"}},"b":"value-of-it",'
        '"headers":{"Authorization":"Bearer y"}}'
    ).encode()
    assert callable(change)
    changed = change(text)
    assert changed != text
    assert f'"n":[{number}]'.encode() in changed


@pytest.mark.parametrize("text", ['{"a": [1, "b", null, true, 0.5, {}]}', "[]", '"a"', "0.10"])
def test_what_is_read_is_written(text: str) -> None:
    """Nothing else changes either."""
    assert json.loads(exact_json.write(exact_json.read(text))) == json.loads(text)
