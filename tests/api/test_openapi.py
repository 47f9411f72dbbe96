"""GET /openapi.json: valid, complete, and true."""

import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api.http.operation import operation_of
from api.http.problems import STATUS
from api.reference.openapi import TAGS
from tests.api.conftest import Caller, Harness
from tests.factories import a_webhook

OUTSIDE = {"/", "/livez", "/docs", "/openapi.json"}
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture
def document(harness: Harness) -> Any:
    response = harness.nobody.get("/openapi.json")
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return response.get_json()


def operations(document: Any) -> dict[str, Any]:
    """By `METHOD /path`."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def validator(document: Any, schema: Any) -> Draft202012Validator:
    """Validates against a schema of the document."""
    whole = DRAFT202012.create_resource(document)
    return Draft202012Validator(
        _absolute(schema), registry=Registry().with_resource("urn:document", whole)
    )


def _absolute(schema: Any) -> Any:
    text = msgspec.json.encode(schema).decode()
    return msgspec.json.decode(text.replace('"#/components', '"urn:document#/components'))


def test_is_valid_openapi(document: Any) -> None:
    """The document is what OpenAPI 3.1 says it must be, down to each schema."""
    validate(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_no_route_is_forgotten(harness: Harness, document: Any) -> None:
    """Every route but those of the service itself is declared, and is in the document."""
    for rule in harness.app.url_map.iter_rules():
        if rule.rule in OUTSIDE or rule.endpoint.startswith("console."):
            continue
        assert operation_of(harness.app.view_functions[rule.endpoint]), rule
    rules = [
        rule
        for rule in harness.app.url_map.iter_rules()
        if rule.rule not in OUTSIDE and not rule.endpoint.startswith("console.")
    ]
    assert len(operations(document)) == len(rules)


def test_operations_are_told_apart(document: Any) -> None:
    """Each has an id and a summary of its own, a described tag, and says what it does."""
    found = list(operations(document).values())
    assert len({one["operationId"] for one in found}) == len(found)
    assert len({one["summary"] for one in found}) == len(found)
    assert all(one["description"] for one in found)
    assert {tag for one in found for tag in one["tags"]} == TAGS.keys()


def test_operations_ask_for_a_token_unless_they_are_public(harness: Harness, document: Any) -> None:
    """What the document says of security is what happens."""
    for name, operation in operations(document).items():
        method, path = name.split(" ")
        path = re.sub(r"\{\w+\}", "x", path)
        answered = harness.nobody.request(method, path).status_code
        assert (answered == 401) is ("security" not in operation), name


def test_every_parameter_is_described(document: Any) -> None:
    """Each has a description, a schema, and says whether it is required."""
    for name, operation in operations(document).items():
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (name, parameter)
            assert parameter["schema"], (name, parameter)
            assert parameter["required"] is (parameter["in"] == "path")
        in_path = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", name))


def test_a_label_filter_is_described_as_it_is_sent(document: Any) -> None:
    """`label.NAME=VALUE` is an exploded form object whose names begin with `label.`."""
    (label,) = (
        one for one in operations(document)["GET /v1/jobs"]["parameters"] if one["name"] == "label"
    )
    assert (label["in"], label["style"], label["explode"]) == ("query", "form", True)
    takes = Draft202012Validator(label["schema"]).is_valid
    assert takes({"label.team": "billing"})
    assert not takes({"team": "billing"})
    assert not takes({"label.Team": "billing"})
    assert not takes({"label.team": "a b"})
    assert not takes({"label.a": "1", "label.b": "2"})


def test_every_answer_has_a_true_example(document: Any) -> None:
    """Each operation shows an answer, and the answer is as its schema says."""
    for name, operation in operations(document).items():
        for status, response in operation["responses"].items():
            for media_type, content in response.get("content", {}).items():
                shown = [one["value"] for one in content.get("examples", {}).values()]
                shown += [content["example"]] if "example" in content else []
                assert shown or status == "503", (name, status)
                for example in shown:
                    validator(document, content["schema"]).validate(example)
                if media_type == "application/problem+json":
                    assert {one["status"] for one in shown} == {int(status)}


def test_every_body_has_an_example_that_is_taken(harness: Harness, otto: Caller) -> None:
    """Each example of a body is as its schema says, and the service takes it."""
    harness.webhooks.create(a_webhook())
    document = otto.get("/openapi.json").get_json()
    made = ""
    for name, operation in operations(document).items():
        if "requestBody" not in operation:
            continue
        (content,) = operation["requestBody"]["content"].values()
        method, path = name.split(" ")
        path = path.replace("{schedule_id}", made)
        path = path.replace("{webhook_id}", a_webhook().id)
        for example in content["examples"].values():
            validator(document, content["schema"]).validate(example["value"])
            response = otto.request(method, path, json=example["value"])
            made = (response.get_json() or {}).get("id", made)
            assert str(response.status_code) in operation["responses"], name
            assert response.status_code < 300, (name, response.get_data(as_text=True))


@pytest.mark.parametrize(
    ("body", "is_taken"),
    [
        ({"type": "text.echo", "payload": {"text": "a"}}, True),
        ({"type": "text.echo", "payload": {"text": "a"}, "labels": {"team": "a"}}, True),
        ({"type": "text.echo", "payload": {"text": "a"}, "labels": {"Team": "a"}}, False),
        ({"type": "text.echo", "payload": {"text": 1}}, False),
        ({"type": "text.echo", "payload": {"to": 3}}, False),
        ({"type": "number.count", "payload": {"to": 3}}, True),
        ({"type": "number.count", "payload": {"to": 3}, "max_attempts": 101}, False),
        ({"type": "number.count", "payload": {"to": 3}, "priority": 1}, False),
        ({"type": "text.ecko", "payload": {}}, False),
        ({"type": "text.echo"}, False),
    ],
)
def test_the_schema_of_a_submission_takes_what_the_service_takes(
    ada: Caller, document: Any, body: Any, is_taken: bool
) -> None:
    """The document tells job types apart and knows their payloads, as decoding does."""
    submit = operations(document)["POST /v1/jobs"]
    schema = submit["requestBody"]["content"]["application/json"]["schema"]
    assert validator(document, schema).is_valid(body) is is_taken
    assert (ada.post("/v1/jobs", json=body).status_code == 202) is is_taken


def test_real_answers_are_as_the_schema_says(harness: Harness, ada: Caller, document: Any) -> None:
    """What the service answers validates against what it documents."""
    job = ada.submit(labels={"team": "a"}).get_json()
    for name, response in {
        "GET /v1/jobs": ada.get("/v1/jobs"),
        "GET /v1/jobs/{job_id}": ada.get(f"/v1/jobs/{job['id']}"),
        "POST /v1/jobs/{job_id}:cancel": ada.post(f"/v1/jobs/{job['id']}:cancel"),
        "DELETE /v1/jobs/{job_id}": ada.delete("/v1/jobs/x"),
        "GET /v1/job-types": ada.get("/v1/job-types"),
        "GET /v1/health": harness.nobody.get("/v1/health"),
        "POST /v1/jobs": ada.post("/v1/jobs", json={}),
    }.items():
        documented = operations(document)[name]["responses"][str(response.status_code)]
        content = documented["content"][response.mimetype]
        validator(document, content["schema"]).validate(response.get_json())


def test_every_error_is_somebodys(document: Any) -> None:
    """Each code of the table is documented where it can happen, but for wrong paths."""
    documented = {
        code
        for operation in operations(document).values()
        for response in operation["responses"].values()
        for content in response.get("content", {}).values()
        for code in content.get("examples", {})
    }
    assert documented == {error.code for error in STATUS} - {"not_found"}


def test_tells_the_types_of_each_job_type(document: Any) -> None:
    """A generated client finds the payload and the result of every job type."""
    (echo, count) = document["x-job-types"]
    assert (echo["name"], count["name"]) == ("text.echo", "number.count")
    assert validator(document, echo["payload"]).is_valid({"text": "a"})
    assert validator(document, echo["result"]).is_valid({"said": ["a"]})
    assert validator(document, count["result"]).is_valid([0, 1])


def test_is_kept_by_its_tag(harness: Harness) -> None:
    """Who has the document already gets 304."""
    first = harness.nobody.get("/openapi.json")
    again = harness.nobody.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"
