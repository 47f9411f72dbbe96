"""GET /v1/job-types."""

import msgspec
import pytest
from jsonschema import Draft202012Validator

from api.service.job_type_resources import JobTypeList
from tests.api import expect
from tests.api.conftest import Caller


def test_lists_the_job_types(ada: Caller) -> None:
    """Each job type of the registry, in its order."""
    listed = ada.get("/v1/job-types").get_json()["job_types"]
    assert [kind["name"] for kind in listed] == ["text.echo", "number.count"]


def test_shows_one_whole(ada: Caller) -> None:
    """Schemas, retry policy, timeout, retention and an example."""
    kind = ada.get("/v1/job-types/text.echo").get_json()
    payload, result = kind.pop("payload_schema"), kind.pop("result_schema")
    assert kind == {
        "name": "text.echo",
        "description": "Say it again.\n\nAs often as it is asked for.",
        "example": {"text": "It's me"},
        "retry": {
            "max_attempts": 4,
            "first_seconds": 3,
            "factor": 2,
            "longest_seconds": 60,
            "delays_seconds": [],
        },
        "timeout_seconds": 60,
        "keep_days": 30,
    }
    for schema in (payload, result):
        Draft202012Validator.check_schema(schema)
    assert payload["$defs"]["Echo"]["properties"]["times"]["maximum"] == 9


@pytest.mark.parametrize("name", ["text.echo", "number.count"])
def test_the_schema_takes_what_decoding_takes(ada: Caller, name: str) -> None:
    """The example is valid by the schema; a field that is not declared is not."""
    shown = ada.get(f"/v1/job-types/{name}").get_json()
    validator = Draft202012Validator(shown["payload_schema"])
    assert validator.is_valid(shown["example"])
    assert not validator.is_valid(shown["example"] | {"colour": "red"})


@pytest.mark.parametrize("name", ["text.ecko", "x", "a" * 5000, "%00", "%ff", "TEXT.ECHO"])
def test_an_unknown_job_type_is_not_found(ada: Caller, name: str) -> None:
    """A name that there is not is a 404 of its own code, which names those that there are."""
    found = expect.problem(ada.get(f"/v1/job-types/{name}"), 404, "job_type_not_found")
    assert "text.echo" in found.detail


def test_the_list_is_what_it_is_declared_to_be(ada: Caller) -> None:
    """The answer decodes as its type."""
    answer = ada.get("/v1/job-types").data
    assert len(msgspec.json.decode(answer, type=JobTypeList).job_types) == 2
