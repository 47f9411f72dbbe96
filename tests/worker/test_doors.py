"""Every path of the worker against everyone who must not get in. A new path is walked by itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from google.auth import _helpers
from werkzeug.test import Client

from identity.certificates import Certificates, Fetched
from identity.stripped import MARK
from identity.tokens import Verifier
from jobs.memory.jobs import MemoryQueue, memory_stores
from jobs.runtime import Runtime
from jobs.settings.settings import Settings
from jobs.triggers.file import parse
from tests.factories import a_registry, some_settings
from tests.identity.strangers import NOW, SECONDS, VERIFIER, Bearer
from worker.app import create_app
from worker.authentication import OPEN, accounts
from worker.processes.pool import HandlerPool

SETTINGS = some_settings()
TRUSTING = some_settings(signature_checked_by_cloud_run=True)
"""As Settings.from_environment makes it inside Cloud Run only."""
TRIGGERS = parse(
    """
    [[trigger]]
    name = "order"
    document = "orders/{id}"
    on = "created"
    type = "words.say"
    payload = {}

    [[trigger]]
    name = "upload"
    bucket = "uploads"
    on = "finalized"
    type = "words.say"
    payload = {}
    """
)
ACCOUNTS = accounts(SETTINGS, TRIGGERS)
PATHS = sorted(ACCOUNTS)
API = "https://api.example.com"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time by which tokens are checked stands still."""
    monkeypatch.setattr(_helpers, "utcnow", lambda: NOW.replace(tzinfo=None))


def an_app(settings: Settings = SETTINGS, verifier: Verifier = VERIFIER) -> Flask:
    return create_app(
        settings,
        stores=memory_stores(),
        queue=MemoryQueue(),
        verifier=verifier,
        registry=a_registry(),
        runner=HandlerPool(
            handlers="handlers", project="p", processes=1, memory_bytes=1 << 30, now=lambda: NOW
        ),
        triggers=TRIGGERS,
        runtime=Runtime(now=lambda: NOW),
    )


@pytest.fixture(scope="module")
def app() -> Flask:
    return an_app()


@pytest.fixture(scope="module")
def trusting() -> Flask:
    return an_app(TRUSTING)


def bearer(path: str, **changes: str) -> Bearer:
    """Who may call this path, or someone who differs."""
    fields = {"email": ACCOUNTS[path], "audience": SETTINGS.worker_audience + path}
    return Bearer(**(fields | changes))


BEARERS = {path: bearer(path) for path in PATHS}
EVENTARCS = [path for path, account in ACCOUNTS.items() if account == SETTINGS.eventarc_account]


def status(app: Flask, path: str, token: str | None, method: str = "POST", **more: str) -> int:
    environ: dict[str, Any] = dict(more)
    if token is not None:
        header = f"Bearer {token}".encode(errors="surrogateescape").decode("latin-1")
        environ["HTTP_AUTHORIZATION"] = header
    return Client(app).open(path, method=method, environ_overrides=environ).status_code


def reached(path: str) -> int:
    """What an empty request gets behind the door: it is no push; a sweep runs; it is no event."""
    if path.startswith("/triggers/"):
        return 204
    return 200 if path == "/sweep" else 400


def stripped(token: str) -> str:
    """As Cloud Run hands it on."""
    return ".".join([*token.split(".")[:2], MARK])


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Every path that is not open, with each of its methods."""
    for rule in app.url_map.iter_rules():
        if rule.rule not in OPEN:
            for method in sorted(rule.methods or ()):
                yield rule.rule, method


def test_every_route_has_a_door(app: Flask) -> None:
    """There is no route without an account, and no account without a route."""
    assert {path for path, _ in routes(app)} == set(PATHS)
    assert {"/livez"} == OPEN


@pytest.mark.parametrize("path", PATHS)
def test_its_own_account_gets_in(app: Flask, path: str) -> None:
    """The right token reaches what is behind."""
    assert status(app, path, bearer(path).token()) == reached(path)


@pytest.mark.parametrize("why", sorted(BEARERS["/jobs"].refused))
def test_every_route_refuses(app: Flask, why: str) -> None:
    """Each wrong token is answered with 401 on every route, by every method."""
    for path, method in routes(app):
        assert status(app, path, BEARERS[path].refused[why], method) == 401, (path, method)


def test_every_route_asks(app: Flask) -> None:
    """Without a token every route answers 401, and a path that there is not 403."""
    for path, method in routes(app):
        assert status(app, path, None, method) == 401
    for path in (
        "/",
        "/metrics",
        "/jobs/",
        "//jobs",
        "/JOBS",
        "/livez/",
        "/v1/jobs",
        "/triggers/",
        "/triggers/other",
    ):
        assert status(app, path, bearer("/jobs").token()) == 403, path


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("other", [*PATHS, ""])
def test_a_token_for_one_path_is_good_for_no_other(app: Flask, path: str, other: str) -> None:
    """Also where both belong to the same account. Eventarc's are for the service as a whole."""
    token = bearer(path, audience=SETTINGS.worker_audience + other).token()
    good = other == path or (other == "" and path in EVENTARCS)
    assert (status(app, path, token) == 401) is not good


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "email",
    [
        "ada@example.com",
        "push@other-project.iam.gserviceaccount.com",
        "worker@test-project.iam.gserviceaccount.com",
        "xpush@test-project.iam.gserviceaccount.com",
        "push@test-project.iam.gserviceaccount.com.evil.example",
    ],
)
def test_another_account_stays_out(app: Flask, path: str, email: str) -> None:
    """Whoever else has a token for the path may still not use it."""
    assert status(app, path, bearer(path, email=email).token()) == 403


def test_each_other_s_account_stays_out(app: Flask) -> None:
    """The scheduler may not push, and Pub/Sub may not sweep."""
    push, clock = SETTINGS.push_account, SETTINGS.scheduler_account
    assert status(app, "/sweep", bearer("/sweep", email=push).token()) == 403
    assert status(app, "/jobs", bearer("/jobs", email=clock).token()) == 403


@pytest.mark.parametrize("path", PATHS)
def test_a_token_for_the_api_stays_out(app: Flask, path: str) -> None:
    """Even one of the right account."""
    assert status(app, path, bearer(path, audience=API).token()) == 401


def test_certificates_out_of_reach() -> None:
    """When tokens can't be checked the answer is 503, so Pub/Sub sends the message again."""

    def fail(_url: str) -> Fetched:
        raise TimeoutError

    app = an_app(verifier=Verifier(Certificates("https://certs.test", lambda: NOW, fail)))
    for path, method in routes(app):
        assert status(app, path, BEARERS[path].token(), method) == 503


# Tokens that Eventarc has made for an address that nobody can know beforehand

IN_CLOUD_RUN = some_settings(service="dormouse-worker")
HASHED = "dormouse-worker-abc123xyz9-uc.a.run.app"
NUMBERED = "dormouse-worker-123456789.us-central1.run.app"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", [HASHED, NUMBERED])
def test_an_event_may_be_for_the_address_that_it_is_sent_to(path: str, host: str) -> None:
    """Eventarc makes its tokens for the service's own URL; all others make them for a path."""
    app = an_app(IN_CLOUD_RUN)
    for part in ("", path):
        token = bearer(path, audience=f"https://{host}{part}").token()
        assert (status(app, path, token, HTTP_HOST=host) != 401) is (path in EVENTARCS)
        assert status(app, path, token, HTTP_HOST="worker.example.com") == 401


@pytest.mark.parametrize(
    "host",
    [
        "other-worker-abc123xyz9-uc.a.run.app",
        "dormouse-worker-abc123xyz9-uc.a.run.app.evil.example",
        "dormouse-worker-abc123xyz9-uc.a.run.app:444",
        "dormouse-worker.a.run.app",
        "evil.example",
    ],
)
def test_no_other_address_counts(host: str) -> None:
    """A token for another service is not made good by a header that names that service."""
    token = bearer("/events", audience=f"https://{host}").token()
    assert status(an_app(IN_CLOUD_RUN), "/events", token, HTTP_HOST=host) == 401
    assert status(an_app(SETTINGS), "/events", token, HTTP_HOST=host) == 401


def test_outside_cloud_run_only_the_setting_counts() -> None:
    """Where nobody answers for the request's host, no audience is taken from it."""
    token = bearer("/events", audience=f"https://{HASHED}").token()
    assert status(an_app(SETTINGS), "/events", token, HTTP_HOST=HASHED) == 401


# Tokens whose signature Cloud Run has removed


@pytest.mark.parametrize("path", PATHS)
def test_a_removed_signature_is_none_without_the_setting(app: Flask, path: str) -> None:
    """Anybody can write such a token."""
    assert status(app, path, stripped(bearer(path).token())) == 401


@pytest.mark.parametrize("path", PATHS)
def test_a_removed_signature_with_the_setting(trusting: Flask, path: str) -> None:
    """Where Cloud Run has checked it, the token counts as if it were signed."""
    expected = reached(path)
    assert status(trusting, path, stripped(bearer(path).token())) == expected
    assert status(trusting, path, bearer(path).token()) == expected


WRONG_CLAIMS = ("stale", "misdirected", "nameless")


@pytest.mark.parametrize("kind", WRONG_CLAIMS)
@pytest.mark.parametrize("path", PATHS)
def test_every_claim_still_counts(trusting: Flask, path: str, kind: str) -> None:
    """Without its signature a token must be right in all else."""
    for why, token in getattr(BEARERS[path], kind).items():
        assert status(trusting, path, stripped(token)) == 401, why


@pytest.mark.parametrize("path", PATHS)
def test_other_wrong_signatures_stay_wrong(trusting: Flask, path: str) -> None:
    """The setting is about one mark in the place of the signature, and about nothing else."""
    good = bearer(path).token()
    header, claims, signature = good.split(".")
    wrong = BEARERS[path].forged | BEARERS[path].malformed
    wrong |= {
        "no signature": f"{header}.{claims}.",
        "the mark in small letters": f"{header}.{claims}.{MARK.lower()}",
        "the mark and more": f"{header}.{claims}.{MARK}x",
        "the mark behind the signature": f"{header}.{claims}.{signature}{MARK}",
        "the mark as base64": f"{header}.{claims}.U0lHTkFUVVJFX1JFTU9WRURfQllfR09PR0xF",
        "the mark as a fourth part": f"{good}.{MARK}",
        "the mark alone": MARK,
        "no header": f".{claims}.{MARK}",
        "no claims": f"{header}..{MARK}",
        "claims padded": f"{header}.{claims}==.{MARK}",
        "claims no base64url": f"{header}.{claims}+.{MARK}",
        "too long": f"{header}.{claims}{'A' * 9000}.{MARK}",
    }
    for why, token in wrong.items():
        assert status(trusting, path, token) == 401, why


def test_another_account_stays_out_without_its_signature(trusting: Flask) -> None:
    """Whoever else Cloud Run lets in may use no path."""
    token = stripped(bearer("/sweep", email=SETTINGS.push_account).token())
    assert status(trusting, "/sweep", token) == 403
    token = stripped(bearer("/sweep", audience=f"{SETTINGS.worker_audience}/jobs").token())
    assert status(trusting, "/sweep", token) == 401


def test_the_token_that_cloud_run_checked_is_the_one_that_counts(trusting: Flask) -> None:
    """With two headers Cloud Run leaves `Authorization` unchecked: it must not be believed."""
    forged = stripped(bearer("/sweep").token())
    mine = stripped(bearer("/sweep", email="mallory@example.com").token())
    for header, expected in (
        (f"Bearer {mine}", 403),
        (f"Bearer {BEARERS['/sweep'].token(exp=SECONDS - 60)}", 401),
        ("", 401),
        ("Basic x", 401),
    ):
        more = {"HTTP_X_SERVERLESS_AUTHORIZATION": header}
        assert status(trusting, "/sweep", forged, **more) == expected, header


def test_the_other_header_alone(app: Flask, trusting: Flask) -> None:
    """A token in the header that Cloud Run checks first is a token."""
    token = bearer("/sweep").token()
    assert status(app, "/sweep", None, HTTP_X_SERVERLESS_AUTHORIZATION=f"Bearer {token}") == 200
    more = {"HTTP_X_SERVERLESS_AUTHORIZATION": f"Bearer {stripped(token)}"}
    assert status(app, "/sweep", None, **more) == 401
    assert status(trusting, "/sweep", None, **more) == 200
