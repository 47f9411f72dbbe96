"""Roles that are granted for some job types only."""

from typing import Any

import pytest

from api.auth.access import Access
from identity.tokens import Principal, Verifier
from jobs.job.model import Attempt, Status
from jobs.settings.roles import Binding, Role, covers
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, BOB, Caller, Harness
from tests.factories import an_attempt, some_settings

ECHO, COUNT, OWN = (digit * 32 for digit in "abc")
ROLES = (
    Binding(Role.SUBMITTER, ("user:ada@example.com",), ("text.*",)),
    Binding(Role.SUBMITTER, ("user:bob@example.com",)),
    Binding(Role.VIEWER, ("user:vera@example.com", "user:mix@example.com"), ("text.*",)),
    Binding(Role.SUBMITTER, ("user:mix@example.com",), ("number.count",)),
    Binding(Role.OPERATOR, ("user:otto@example.com",), ("text.echo", "other.*")),
)
COUNTING: dict[str, Any] = {"type": "number.count", "payload": {"to": 3}}


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier) -> Harness:
    """Bob has a failed job of each of two types."""
    harness = Harness(issuer, verifier, some_settings(api_audiences=(AUDIENCE,), roles=ROLES))
    put(harness, ECHO, "text.echo", BOB)
    put(harness, COUNT, "number.count", BOB)
    return harness


def put(harness: Harness, job_id: str, job_type: str, email: str) -> None:
    attempts: tuple[Attempt, ...] = (an_attempt(),)
    harness.put(
        id=job_id, type=job_type, owner=f"user:{email}", status=Status.FAILED, attempts=attempts
    )


def listed(response: Any) -> set[str]:
    assert response.status_code == 200, response.get_data(as_text=True)
    return {job["id"] for job in response.get_json()["jobs"]}


@pytest.mark.parametrize(
    ("types", "job_type", "is_covered"),
    [
        ({"*"}, "http.request", True),
        ({"*"}, None, True),
        ({"http.*"}, "http.request", True),
        ({"http.*"}, "http.request.signed", True),
        ({"http.*"}, "http", False),
        ({"http.*"}, "https.request", False),
        ({"http.*"}, "httpx", False),
        ({"http.*"}, "http.*", True),
        ({"http.*"}, None, False),
        ({"http.request"}, "http.request", True),
        ({"http.request"}, "http.request.signed", False),
        ({"http.request"}, "http.requests", False),
        ({"a.*", "http.request"}, "http.request", True),
        (set(), "http.request", False),
        (set(), None, False),
    ],
)
def test_patterns(types: set[str], job_type: str | None, is_covered: bool) -> None:
    """A pattern covers whole segments; only `*` covers everything."""
    assert covers(frozenset(types), job_type) is is_covered


def test_types_add_up() -> None:
    """Who has a role by several bindings has it for the types of all of them."""
    access = Access(
        [
            Binding(Role.VIEWER, ("allAuthenticated",), ("a.*",)),
            Binding(Role.VIEWER, ("domain:example.com",), ("b.c",)),
        ]
    )
    caller = access.caller(Principal("ada@example.com", "example.com"))
    assert caller.types == {Role.VIEWER: {"a.*", "b.c"}}


def test_submits_only_its_types(harness: Harness) -> None:
    """A job of another type is refused, alone and in a batch, and nothing is kept of it."""
    ada = harness.caller(ADA)
    expect.job(ada.submit(), 202)
    expect.problem(ada.submit(**COUNTING), 403, "permission_denied")
    echo = {"type": "text.echo", "payload": {"text": "hello"}}
    batch = ada.post("/v1/jobs:batchCreate", json={"jobs": [echo, COUNTING]})
    expect.problem(batch, 403, "permission_denied")
    assert len(listed(ada.get("/v1/jobs"))) == 1


def test_what_does_not_exist_is_refused_like_what_is_not_allowed(harness: Harness) -> None:
    """A limited caller does not learn which other job types there are."""
    ada = harness.caller(ADA)
    unknown = expect.problem(ada.submit(type="no.such"), 403, "permission_denied")
    known = expect.problem(ada.submit(**COUNTING), 403, "permission_denied")
    assert unknown.detail == known.detail


def test_own_jobs_of_a_type_that_was_taken_away_stay_readable(harness: Harness) -> None:
    """They can be read and listed; changing them needs the type."""
    put(harness, OWN, "number.count", ADA)
    ada, path = harness.caller(ADA), f"/v1/jobs/{OWN}"
    expect.job(ada.get(path))
    assert listed(ada.get("/v1/jobs")) == {OWN}
    assert listed(ada.get("/v1/jobs?type=number.count")) == {OWN}
    for response in (ada.post(f"{path}:cancel"), ada.post(f"{path}:retry"), ada.delete(path)):
        expect.problem(response, 403, "permission_denied")
    changed = ada.post("/v1/jobs:batchRetry", json={}).get_json()
    assert (changed["changed"], changed["skipped"]) == ([], [OWN])


def test_a_viewer_of_some_types_reads_those(harness: Harness) -> None:
    """Other people's jobs of other types do not exist for it."""
    vera = harness.caller("vera@example.com")
    expect.job(vera.get(f"/v1/jobs/{ECHO}"))
    expect.problem(vera.get(f"/v1/jobs/{COUNT}"), 404, "job_not_found")


def test_a_viewer_of_some_types_filters_by_one(harness: Harness) -> None:
    """A list over all types is refused, with the types to filter by, rather than cut short."""
    vera = harness.caller("vera@example.com")
    assert listed(vera.get("/v1/jobs?type=text.echo")) == {ECHO}
    for path in ("/v1/jobs", "/v1/jobs?type=number.count", "/v1/jobs?status=failed"):
        problem = expect.problem(vera.get(path), 403, "permission_denied")
        assert "filter by a `type` of text.*" in problem.detail


def test_a_viewer_of_some_types_lists_its_own_of_others(harness: Harness) -> None:
    """Where it submits, and may not read what others submit, it sees its own."""
    mix = harness.caller("mix@example.com")
    own = expect.job(mix.submit(**COUNTING), 202)["id"]
    assert listed(mix.get("/v1/jobs?type=number.count")) == {own}
    assert listed(mix.get("/v1/jobs?type=text.echo")) == {ECHO}
    expect.problem(mix.get("/v1/jobs"), 403, "permission_denied")


def test_a_page_token_is_worth_nothing_in_another_list(harness: Harness) -> None:
    """A token of an operator's list does not open it to a submitter."""
    token = harness.caller("otto@example.com").get("/v1/jobs?type=text.echo&page_size=1").get_json()
    path = f"/v1/jobs?type=text.echo&page_size=1&page_token={token['next_page_token']}"
    expect.problem(harness.caller(ADA).get(path), 400, "invalid_page_token")


@pytest.fixture
def otto(harness: Harness) -> Caller:
    """Operates `text.echo`."""
    return harness.caller("otto@example.com")


def test_an_operator_of_some_types_changes_those(otto: Caller) -> None:
    """Jobs of other types do not exist for it."""
    expect.job(otto.post(f"/v1/jobs/{ECHO}:retry"))
    for response in (
        otto.post(f"/v1/jobs/{COUNT}:retry"),
        otto.post(f"/v1/jobs/{COUNT}:cancel"),
        otto.delete(f"/v1/jobs/{COUNT}"),
    ):
        expect.problem(response, 404, "job_not_found")
    for body in ({}, {"type": "number.count"}):
        response = otto.post("/v1/jobs:batchRetry", json=body)
        expect.problem(response, 403, "permission_denied")
    cancelled = otto.post("/v1/jobs:batchCancel", json={"type": "text.echo"})
    assert cancelled.get_json()["changed"] == [ECHO]


def test_an_operator_of_some_types_sees_their_tracebacks(harness: Harness, otto: Caller) -> None:
    """And as the owner of a job of another type it sees none."""
    put(harness, OWN, "number.count", "otto@example.com")
    errors = [
        expect.job(otto.get(f"/v1/jobs/{job_id}"))["attempts"][0]["error"] for job_id in (ECHO, OWN)
    ]
    assert ["traceback" in error for error in errors] == [True, False]


def test_dead_letters_need_every_type(otto: Caller) -> None:
    """A dead letter may be of any type, or of none."""
    expect.problem(otto.get("/v1/dead-letters"), 403, "permission_denied")
    expect.problem(otto.get("/v1/dead-letters/1"), 403, "permission_denied")
    expect.problem(otto.post("/v1/dead-letters:redrive", json={}), 403, "permission_denied")
