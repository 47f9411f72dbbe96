"""Callers behind an API Gateway that verifies them, and those who only say that they are."""

import base64
import json
from typing import Any

import pytest

from identity.tokens import Verifier
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, BOB, Caller, Harness
from tests.api.firebase import PROJECT, Firebase, claims_of
from tests.factories import T0, some_settings

HEADER = "X-Apigateway-Api-Userinfo"
GATEWAY = "gateway@project.iam.gserviceaccount.com"
SECONDS = int(T0.timestamp())
GOOGLES: dict[str, Any] = {
    "iss": "https://accounts.google.com",
    "aud": AUDIENCE,
    "sub": "123",
    "email": ADA,
    "email_verified": True,
    "iat": SECONDS - 60,
    "exp": SECONDS + 3540,
}
FIREBASES = {"aud": PROJECT, "iat": SECONDS - 60, "exp": SECONDS + 3540} | claims_of("Eve1")


@pytest.fixture(scope="module")
def firebase() -> Firebase:
    return Firebase()


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier, firebase: Firebase) -> Harness:
    """The gateway's account has a role of its own, which must not matter."""
    roles = (
        Binding(Role.SUBMITTER, (f"user:{ADA}", f"user:{BOB}", "allFirebase")),
        Binding(Role.OPERATOR, (f"serviceAccount:{GATEWAY}",)),
    )
    settings = some_settings(
        api_audiences=(AUDIENCE,), roles=roles, gateway_account=GATEWAY.title()
    )
    return Harness(issuer, verifier, settings, firebase=firebase.verifier)


def encoded(claims: Any) -> str:
    data = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return base64.urlsafe_b64encode(data).decode()


def behind(harness: Harness, userinfo: str | None) -> Caller:
    caller = harness.caller(GATEWAY)
    return Caller(harness.app, caller.headers | ({} if userinfo is None else {HEADER: userinfo}))


@pytest.mark.parametrize(
    ("claims", "member"), [(GOOGLES, f"user:{ADA}"), (FIREBASES, "firebase:Eve1")]
)
@pytest.mark.parametrize("padding", ["", "=", "=="])
def test_the_gateway_names_the_caller(
    harness: Harness, claims: dict[str, Any], member: str, padding: str
) -> None:
    """Whom it verified is the caller, of whichever issuer, and not the gateway."""
    caller = behind(harness, encoded(claims).rstrip("=") + padding)
    me = expect.job(caller.get("/v1/me"))
    assert (me["member"], [grant["role"] for grant in me["roles"]]) == (member, ["submitter"])


WRONG: dict[str, str | None] = {
    "nothing": None,
    "empty": "",
    "no base64": "{}",
    "plain JSON": json.dumps(GOOGLES),
    "not ASCII": "é",
    "a list": encoded([GOOGLES]),
    "null": encoded(None),
    "no JSON": encoded(b"{"),
    "no UTF-8": encoded(b"\xff"),
    "nested": encoded(b"[" * 5000),
    "huge": encoded(GOOGLES | {"fill": "x" * 9000}),
    "twice, as the server joins headers": f"{encoded(GOOGLES)},{encoded(GOOGLES)}",
    "with what follows": f"{encoded(GOOGLES)} x",
    "a whole token": f"{encoded({'alg': 'none'})}.{encoded(GOOGLES)}.",
    "no claims": encoded({}),
    "expired": encoded(GOOGLES | {"exp": SECONDS - 11}),
    "not valid yet": encoded(GOOGLES | {"iat": SECONDS + 11}),
    "exp a text": encoded(GOOGLES | {"exp": str(SECONDS + 60)}),
    "exp infinite": encoded(json.dumps(GOOGLES | {"exp": float("inf")}).encode()),
    "no exp": encoded({name: value for name, value in GOOGLES.items() if name != "exp"}),
    "no iat": encoded({name: value for name, value in GOOGLES.items() if name != "iat"}),
    "another audience": encoded(GOOGLES | {"aud": "https://other.example.com"}),
    "a list of audiences": encoded(GOOGLES | {"aud": [AUDIENCE]}),
    "another issuer": encoded(GOOGLES | {"iss": "https://evil.test"}),
    "no issuer": encoded({name: value for name, value in GOOGLES.items() if name != "iss"}),
    "email not verified": encoded(GOOGLES | {"email_verified": False}),
    "no email": encoded({name: value for name, value in GOOGLES.items() if name != "email"}),
    "Firebase for our audience": encoded(FIREBASES | {"aud": AUDIENCE}),
    "another Firebase": encoded(FIREBASES | {"iss": "https://securetoken.google.com/other"}),
    "no user": encoded(FIREBASES | {"sub": ""}),
    "Firebase, expired": encoded(FIREBASES | {"exp": SECONDS - 11}),
}


@pytest.mark.parametrize("why", WRONG)
def test_what_the_gateway_says_is_checked(harness: Harness, why: str) -> None:
    """Claims must be right in all but the signature, and the gateway itself is nobody."""
    expect.problem(behind(harness, WRONG[why]).get("/v1/me"), 401, "unauthenticated")


def test_the_gateway_can_be_no_caller_by_its_own_word(harness: Harness) -> None:
    """Claims that name the gateway's account are those of a caller like any other."""
    me = expect.job(behind(harness, encoded(GOOGLES | {"email": GATEWAY})).get("/v1/me"))
    assert me["member"] == f"serviceAccount:{GATEWAY}"


@pytest.mark.parametrize("userinfo", [encoded(GOOGLES), "", "garbage", encoded(b"[" * 5000)])
def test_a_forged_header_is_not_looked_at(harness: Harness, userinfo: str) -> None:
    """With a token of its own a caller is who the token names, whatever else it sends."""
    caller = Caller(harness.app, harness.caller(BOB).headers | {HEADER: userinfo})
    assert expect.job(caller.get("/v1/me"))["member"] == f"user:{BOB}"


def test_a_forged_header_is_no_identity(harness: Harness) -> None:
    """Without a token there is no caller."""
    caller = Caller(harness.app, {HEADER: encoded(GOOGLES)})
    expect.problem(caller.get("/v1/me"), 401, "unauthenticated")


@pytest.mark.parametrize("uid", ["x", GATEWAY, f"serviceAccount:{GATEWAY}"])
def test_a_firebase_user_is_not_the_gateway(harness: Harness, firebase: Firebase, uid: str) -> None:
    """Not with its email, nor with its name as a user id."""
    headers = {"Authorization": f"Bearer {firebase.token(uid, email=GATEWAY)}"}
    me = expect.job(Caller(harness.app, headers | {HEADER: encoded(GOOGLES)}).get("/v1/me"))
    assert me["member"] == f"firebase:{uid}"


def test_without_a_gateway_the_header_means_nothing(issuer: Issuer, verifier: Verifier) -> None:
    """A deployment that names no gateway believes none, not even an account without a name."""
    roles = (Binding(Role.VIEWER, ("allAuthenticated",)),)
    harness = Harness(issuer, verifier, some_settings(api_audiences=(AUDIENCE,), roles=roles))
    me = expect.job(behind(harness, encoded(GOOGLES)).get("/v1/me"))
    assert me["member"] == f"serviceAccount:{GATEWAY}"
