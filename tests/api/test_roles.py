"""Who may do what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.auth.access import Access
from identity.certificates import Certificates
from identity.errors import PermissionDenied
from identity.tokens import Principal, Verifier
from jobs.job.model import Status
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, BOB, OTTO, VERA, Caller, Harness
from tests.factories import some_settings

JOB = "0" * 31 + "1"
CALLS = {
    "submit": ("POST", "/v1/jobs"),
    "list": ("GET", "/v1/jobs"),
    "get": ("GET", f"/v1/jobs/{JOB}"),
    "cancel": ("POST", f"/v1/jobs/{JOB}:cancel"),
    "retry": ("POST", f"/v1/jobs/{JOB}:retry"),
    "delete": ("DELETE", f"/v1/jobs/{JOB}"),
    "job types": ("GET", "/v1/job-types"),
}
SUBMISSION = {"type": "text.echo", "payload": {"text": "hello"}}

# Who calls on Ada's failed (for cancel: queued) job, and what each call answers.
ALLOWED: dict[str, dict[str, int]] = {
    ADA: dict.fromkeys(CALLS, 200) | {"submit": 202, "delete": 204},
    BOB: dict.fromkeys(CALLS, 404) | {"submit": 202, "list": 200, "job types": 200},
    VERA: dict.fromkeys(CALLS, 403) | {"list": 200, "get": 200, "job types": 200},
    OTTO: dict.fromkeys(CALLS, 200) | {"submit": 202, "delete": 204},
    "stranger@example.com": dict.fromkeys(CALLS, 403),
    "new@team.example": dict.fromkeys(CALLS, 404) | {"submit": 202, "list": 200, "job types": 200},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("email", ALLOWED)
def test_roles(harness: Harness, email: str, call: str) -> None:
    """Each role does what is its own, and what others own does not exist for a submitter."""
    harness.put(id=JOB, status=Status.QUEUED if call == "cancel" else Status.FAILED)
    method, path = CALLS[call]
    options: dict[str, Any] = {"json": SUBMISSION} if call == "submit" else {}
    response = harness.caller(email).request(method, path, **options)
    status = ALLOWED[email][call]
    assert response.status_code == status
    if status == 403:
        expect.problem(response, 403, "permission_denied")
    if status == 404:
        expect.problem(response, 404, "job_not_found")


def test_an_owner_who_lost_the_role_may_not_change_the_job(harness: Harness, vera: Caller) -> None:
    """Owning a job is not enough; the role counts at each request."""
    harness.put(id=JOB, owner=f"user:{VERA}")
    expect.problem(vera.post(f"/v1/jobs/{JOB}:cancel"), 403, "permission_denied")


@pytest.mark.parametrize(
    ("member", "principal", "is_meant"),
    [
        ("user:ada@example.com", "ada@example.com", True),
        ("user:Ada@Example.com", "ada@example.com", True),
        ("user:ada@example.com", "bob@example.com", False),
        ("serviceAccount:ada@example.com", "ada@example.com", False),
        ("serviceAccount:a@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com", True),
        ("user:a@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com", False),
        ("domain:example.com", ("ada@example.com", "example.com"), True),
        ("domain:EXAMPLE.com", ("ada@example.com", "example.com"), True),
        ("domain:example.com", ("ada@other.test", "example.com"), True),
        # A Google account that somebody made with the address of a former employer.
        ("domain:example.com", "ada@example.com", False),
        ("domain:p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com", False),
        ("domain:example.com", ("ada@example.com", "other.test"), False),
        ("domain:example.com", ("ada@example.com", "sub.example.com"), False),
        ("domain:example.com", ("ada@example.com", "badexample.com"), False),
        ("domain:example.com", ("ada@example.com", "example.com.evil.test"), False),
        ("allAuthenticated", "anybody@anywhere.test", True),
    ],
)
def test_members(member: str, principal: str | tuple[str, str], is_meant: bool) -> None:
    """A binding means exactly whom it names; case does not count."""
    caller = Principal(principal) if isinstance(principal, str) else Principal(*principal)
    access = Access([Binding(Role.VIEWER, (member,))])
    if is_meant:
        assert access.caller(caller).roles == {Role.VIEWER}
    else:
        with pytest.raises(PermissionDenied):
            access.caller(caller)


def test_roles_add_up() -> None:
    """Who is named in several bindings has all their roles."""
    access = Access(
        [
            Binding(Role.SUBMITTER, ("allAuthenticated",)),
            Binding(Role.VIEWER, ("domain:example.com",)),
        ]
    )
    assert access.caller(Principal("ada@example.com", "example.com")).roles == {
        Role.SUBMITTER,
        Role.VIEWER,
    }
    assert access.caller(Principal("bob@other.test")).roles == {Role.SUBMITTER}


def test_no_binding_means_nobody(issuer: Issuer, verifier: Verifier) -> None:
    """A deployment that grants nothing lets nobody in."""
    harness = Harness(issuer, verifier, some_settings(api_audiences=(AUDIENCE,)))
    expect.problem(harness.caller(ADA).get("/v1/jobs"), 403, "permission_denied")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer a b"},
        {"Authorization": "Bearer not-a-token"},
        {"Authorization": "Bearer " + "a" * 9000},
        {"Authorization": "Bearer ü.ü.ü"},
        {"Authorization": "Basic YWRhOnNlY3JldA=="},
        {"Authorization": "TOKEN"},
    ],
)
def test_without_a_token_there_is_no_answer(harness: Harness, headers: dict[str, str]) -> None:
    """What is no bearer token is answered with 401 and which proof is asked for."""
    response = Caller(harness.app, headers).get("/v1/jobs")
    expect.problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "https://other.example.com"}, "another audience"),
        ({"iss": "https://evil.test"}, "not issued by Google"),
        ({"email_verified": False}, "no verified email"),
        ({"email_verified": "true"}, "no verified email"),
        ({"exp": 1, "iat": 0}, "expired"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_001}, "not valid yet"),
    ],
)
def test_a_wrong_token_says_what_is_wrong_with_it(
    harness: Harness, claims: dict[str, Any], reason: str
) -> None:
    """A token of the right key is refused for each claim that is not as it must be."""
    response = harness.caller(ADA, **claims).get("/v1/jobs")
    assert reason in expect.problem(response, 401, "unauthenticated").detail


@pytest.mark.parametrize("email", ["", "ada"])
def test_a_token_without_an_email_is_refused(harness: Harness, email: str) -> None:
    """A caller is known by an email address."""
    response = harness.caller(email).get("/v1/jobs")
    assert "no verified email" in expect.problem(response, 401, "unauthenticated").detail


def test_a_token_of_another_key_is_refused(harness: Harness) -> None:
    """What somebody else signed is worth nothing."""
    forger = Issuer(now=lambda: datetime.now(UTC))
    response = Harness(forger, harness.verifier).caller(ADA).get("/v1/jobs")
    expect.problem(response, 401, "unauthenticated")


def test_a_service_account_is_a_caller_too(issuer: Issuer, verifier: Verifier) -> None:
    """A service account is known as one, and owns what it submits."""
    account = "runner@project.iam.gserviceaccount.com"
    roles = (Binding(Role.SUBMITTER, (f"serviceAccount:{account}",)),)
    harness = Harness(issuer, verifier, some_settings(api_audiences=(AUDIENCE,), roles=roles))
    job = expect.job(harness.caller(account).submit(), 202)
    assert job["owner"] == f"serviceAccount:{account}"


def test_certificates_out_of_reach_are_not_the_callers_fault(issuer: Issuer) -> None:
    """When tokens can't be checked the answer is 503 and try again, not 401."""

    def fail(_url: str) -> Any:
        raise TimeoutError

    certificates = Certificates("https://certificates.test", lambda: datetime.now(UTC), fail)
    response = Harness(issuer, Verifier(certificates)).caller(ADA).get("/v1/jobs")
    assert expect.problem(response, 503, "identity_unavailable").retryable
    assert response.headers["Retry-After"]


def test_an_old_token_is_refused_later(harness: Harness) -> None:
    """A token is good for its hour."""
    hours_ago = int((datetime.now(UTC) - timedelta(hours=2)).timestamp())
    old = harness.caller(ADA, iat=hours_ago, exp=hours_ago + 3600)
    expect.problem(old.get("/v1/jobs"), 401, "unauthenticated")
