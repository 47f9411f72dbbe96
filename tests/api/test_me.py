"""GET /v1/me, and callers of every kind of identity."""

from typing import Any

import pytest

from identity.tokens import Verifier
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, Caller, Harness
from tests.api.firebase import PROJECT, Firebase
from tests.factories import some_settings

ROLES = (
    Binding(Role.OPERATOR, (f"user:{ADA}",), ("text.*",)),
    Binding(Role.SUBMITTER, (f"user:{ADA}", "firebase:Eve1")),
    Binding(Role.VIEWER, ("allFirebase",), ("text.echo",)),
)


@pytest.fixture(scope="module")
def firebase() -> Firebase:
    return Firebase()


def a_house(
    issuer: Issuer, verifier: Verifier, firebase: Firebase, *roles: Binding, **more: Any
) -> Harness:
    settings = some_settings(
        api_audiences=(AUDIENCE,), roles=roles, firebase_project=PROJECT, **more
    )
    return Harness(issuer, verifier, settings, firebase=firebase.verifier)


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier, firebase: Firebase) -> Harness:
    return a_house(issuer, verifier, firebase, *ROLES)


def bearer(harness: Harness, token: str) -> Caller:
    return Caller(harness.app, {"Authorization": f"Bearer {token}"})


def test_a_google_identity(harness: Harness) -> None:
    """Shows the member, who vouches for it, and each role with its types."""
    assert expect.job(harness.caller("Ada@Example.com").get("/v1/me")) == {
        "member": "user:ada@example.com",
        "issuer": "https://accounts.google.com",
        "email": "ada@example.com",
        "roles": [
            {"role": "submitter", "types": ["*"]},
            {"role": "operator", "types": ["text.*"]},
        ],
    }


def test_a_firebase_user(harness: Harness, firebase: Firebase) -> None:
    """An end user has its own name, and the roles of all the project's users."""
    assert expect.job(bearer(harness, firebase.token("Eve1")).get("/v1/me")) == {
        "member": "firebase:Eve1",
        "issuer": "https://securetoken.google.com/our-app",
        "email": "eve1@example.com",
        "roles": [
            {"role": "submitter", "types": ["*"]},
            {"role": "viewer", "types": ["text.echo"]},
        ],
    }


def test_an_email_that_is_not_verified_is_not_shown(harness: Harness, firebase: Firebase) -> None:
    """What nobody vouches for is not repeated."""
    token = firebase.token("Eve1", email_verified=False)
    assert expect.job(bearer(harness, token).get("/v1/me"))["email"] is None


def test_without_a_role(harness: Harness) -> None:
    """The refusal names whom the caller was taken for."""
    problem = expect.problem(harness.caller("x@y.test").get("/v1/me"), 403, "permission_denied")
    assert problem.detail == "user:x@y.test has no role here."


def test_user_ids_have_case(harness: Harness, firebase: Firebase) -> None:
    """Unlike email addresses, `Eve1` and `eve1` are two users."""
    roles = expect.job(bearer(harness, firebase.token("eve1")).get("/v1/me"))["roles"]
    assert [grant["role"] for grant in roles] == ["viewer"]


def test_a_firebase_user_owns_its_jobs(harness: Harness, firebase: Firebase) -> None:
    """To others without a role they do not exist."""
    eve = bearer(harness, firebase.token("Eve1"))
    job = expect.job(eve.submit(type="number.count", payload={"to": 1}), 202)
    assert job["owner"] == "firebase:Eve1"
    other = bearer(harness, firebase.token("Mallory"))
    expect.problem(other.get(f"/v1/jobs/{job['id']}"), 404, "job_not_found")


def test_a_firebase_user_is_no_google_identity(
    issuer: Issuer, verifier: Verifier, firebase: Firebase
) -> None:
    """Its verified email grants nothing: not by name, nor by domain, nor as any identity."""
    ada, domain = "user:ada@example.com", "domain:example.com"
    for member in (ada, domain, "allAuthenticated", "serviceAccount:ada@example.com"):
        harness = a_house(issuer, verifier, firebase, Binding(Role.OPERATOR, (member,)))
        for uid in ("ada", "ada@example.com", ada):
            token = firebase.token(uid, email="ada@example.com")
            response = bearer(harness, token).get("/v1/me")
            expect.problem(response, 403, "permission_denied")


def test_a_google_identity_is_no_firebase_user(
    issuer: Issuer, verifier: Verifier, firebase: Firebase
) -> None:
    """Nobody at Google is meant by a binding for Firebase's users."""
    members = ("allFirebase", "firebase:ada@example.com")
    harness = a_house(issuer, verifier, firebase, Binding(Role.OPERATOR, members))
    expect.problem(harness.caller(ADA).get("/v1/me"), 403, "permission_denied")
