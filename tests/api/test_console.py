"""The console: what each role sees and may do, and what a page of another site can't."""

import html
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from inspect import signature
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from werkzeug.test import Client, TestResponse

from api.console import forms, words
from api.console.session import ATTEMPT, SESSION
from api.console.sign_in import Attempt
from jobs.job.model import Status
from tests.api.conftest import ADA, AUDIENCE, BOB, OTTO, ROLES, VERA, Harness
from tests.factories import T0, an_attempt, an_error, some_settings

CLIENT_ID = "console.apps.example"
HOST = "https://jobs.example"
PAGES = (
    "/console",
    "/console/jobs",
    "/console/job-types",
    "/console/job-types/text.echo",
    "/console/schedules",
    "/console/webhooks",
    "/console/dead-letters",
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "</pre><script>alert(1)</script>",
    "\u2028alert(1)//",
)


@pytest.fixture
def harness(issuer: Any, verifier: Any) -> Harness:
    settings = some_settings(
        api_audiences=(AUDIENCE, CLIENT_ID),
        roles=ROLES,
        console_client_id=CLIENT_ID,
        console_client_secret="secret",
        sign_in_urls=("http://127.0.0.1:9",),
    )
    return Harness(issuer, verifier, settings)


class Person:
    """Somebody with a browser, signed in or not."""

    def __init__(self, harness: Harness, email: str = "") -> None:
        self.browser = Client(harness.app)
        if email:
            self.sign_in(harness.issuer.token(email, CLIENT_ID))

    def sign_in(self, token: str) -> None:
        self.browser.set_cookie(SESSION, token, domain="jobs.example")

    def get(self, path: str) -> TestResponse:
        return self.browser.get(path, base_url=HOST)

    def post(self, path: str, headers: dict[str, str] | None = None, **form: str) -> TestResponse:
        sent = {"Origin": HOST, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        return self.browser.post(path, base_url=HOST, data=form, headers=sent)

    def press(self, page: str, action: str, **form: str) -> TestResponse:
        """The button of the page, with what its form carries."""
        shown = self.get(page).get_data(as_text=True)
        found = re.search(rf'action="/console/actions/{action}".*?</form>', shown, re.DOTALL)
        assert found, (page, action)
        fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', found[0]))
        return self.post(f"/console/actions/{action}", **(fields | form))


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("email", [ADA, BOB, VERA, OTTO])
def test_every_page_is_for_everybody_with_a_role(harness: Harness, path: str, email: str) -> None:
    """It shows what the role may see, and says so where that is nothing."""
    harness.put()
    answer = Person(harness, email).get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert email in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", [*PAGES, "/console/jobs/" + "0" * 32])
def test_without_a_session_there_is_the_way_to_sign_in(harness: Harness, path: str) -> None:
    """And back to where one was going."""
    harness.put()
    answer = Person(harness).get(path)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert f"/console/sign-in?onward={path.replace('/', '%2F')}" in page or path in page
    assert "text.echo" not in page.replace(path, "").replace(path.replace("/", "%2F"), "")


@pytest.mark.parametrize("claims", [{"aud": "other"}, {"exp": 1}, {"email_verified": False}])
def test_a_session_is_verified_like_any_token(harness: Harness, claims: dict[str, Any]) -> None:
    """The cookie is the identity token itself; each use checks it."""
    person = Person(harness)
    audience = claims.pop("aud", CLIENT_ID)
    person.sign_in(harness.issuer.token(ADA, audience, **claims))
    assert person.get("/console/jobs").status_code == 401


def test_who_has_no_role_is_told_so(harness: Harness) -> None:
    """In words, with the name that a binding needs."""
    answer = Person(harness, "eve@example.com").get("/console")
    assert answer.status_code == 403
    assert "eve@example.com" in answer.get_data(as_text=True)


def test_the_overview_reads_two_hundred_documents_at_most(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: its lists ask for no more."""
    asked: list[int] = []
    for store, names in (
        (harness.store, ("list_jobs", "list_summaries")),
        (harness.webhooks, ("list_webhooks",)),
        (harness.dead_letters, ("list_dead_letters",)),
    ):
        for name in names:
            monkeypatch.setattr(store, name, _counting(getattr(store, name), asked))
    assert Person(harness, OTTO).get("/console").status_code == 200
    assert sum(asked) in range(100, 201), asked


def _counting(inner: Any, asked: list[int]) -> Any:
    """Notes the limit of each call."""

    def counting(*args: Any, **options: Any) -> Any:
        bound = signature(inner).bind(*args, **options)
        asked.append(bound.arguments["limit"])
        return inner(*args, **options)

    return counting


def test_a_stream_is_of_a_job_and_of_nothing_else(harness: Harness) -> None:
    """A question mark in the id makes no other call of it."""
    job = harness.put(status=Status.SUCCEEDED)
    person = Person(harness, ADA)
    assert person.get(f"/console/jobs/{job.id}/events").mimetype == "text/event-stream"
    assert person.get(f"/console/jobs/{job.id}%3Fwait=0&x=/events").status_code == 404


def test_a_job_of_somebody_else_is_not_there(harness: Harness) -> None:
    """As in the API: not even that there is one."""
    job = harness.put()
    assert Person(harness, ADA).get(f"/console/jobs/{job.id}").status_code == 200
    assert Person(harness, OTTO).get(f"/console/jobs/{job.id}").status_code == 200
    assert Person(harness, BOB).get(f"/console/jobs/{job.id}").status_code == 404


@pytest.mark.parametrize("status", list(Status))
def test_a_job_in_every_state(harness: Harness, status: Status) -> None:
    """With its attempts, its error and its log, and the buttons that its state allows."""
    ended = an_attempt(number=1, error=an_error())
    job = harness.put(status=status, attempts=(ended,), started_at=T0, error=an_error())
    page = Person(harness, ADA).get(f"/console/jobs/{job.id}").get_data(as_text=True)
    buttons = set(re.findall(r"/console/actions/([a-z-]+)", page))
    assert (
        buttons
        == {
            Status.QUEUED: {"cancel"},
            Status.RUNNING: {"cancel"},
            Status.SUCCEEDED: {"delete-job"},
            Status.FAILED: {"retry", "delete-job"},
            Status.CANCELLED: {"retry", "delete-job"},
        }[status]
    )
    assert an_error().message in page


def test_buttons_do_what_the_api_does(harness: Harness) -> None:
    """Cancel, retry and delete, each by the button of the job's page."""
    job = harness.put()
    person, page = Person(harness, ADA), f"/console/jobs/{job.id}"
    assert person.press(page, "cancel").status_code == 303
    assert harness.store.get(job.id).status == Status.CANCELLED  # type: ignore[union-attr]
    assert person.press(page, "retry").status_code == 303
    assert harness.store.get(job.id).status == Status.QUEUED  # type: ignore[union-attr]
    person.press(page, "cancel")
    assert person.press(page, "delete-job").headers["Location"] == "/console/jobs"
    assert harness.store.get(job.id) is None


def test_a_role_gains_nothing_by_the_console(harness: Harness) -> None:
    """A viewer's form is refused by the API, whatever the page offered."""
    job = harness.put()
    vera = Person(harness, VERA)
    shown = vera.get(f"/console/jobs/{job.id}").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', shown)
    assert found
    answer = vera.post("/console/actions/cancel", id=job.id, csrf=found[1])
    assert answer.status_code == 403
    assert harness.store.get(job.id) == job


def test_a_job_is_submitted_by_a_form(harness: Harness) -> None:
    """The example is filled in; what is wrong comes back with what was typed."""
    person = Person(harness, ADA)
    form = {"payload.text": "hello"}
    answer = person.press("/console/job-types/text.echo", "submit", **form)
    assert answer.status_code == 303
    page = person.get(answer.headers["Location"]).get_data(as_text=True)
    assert "&#34;text&#34;: &#34;hello&#34;" in page
    wrong = person.press("/console/job-types/text.echo", "submit", **{"payload.text": ""})
    assert wrong.status_code == 400
    assert "text" in wrong.get_data(as_text=True)


@pytest.mark.parametrize(
    "action", ["cancel", "retry", "delete-job", "submit", "redrive", "nothing"]
)
@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        ({"Origin": "https://evil.example"}, True),
        ({"Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({}, False),
    ],
)
def test_another_sites_form_is_refused(
    harness: Harness, action: str, headers: dict[str, str], csrf: bool
) -> None:
    """Though the browser may send the cookie along, and though it may know the token."""
    job = harness.put()
    person = Person(harness, ADA)
    shown = person.get(f"/console/jobs/{job.id}").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', shown)
    assert found
    token = found[1] if csrf else "0" * 64
    answer = person.post(f"/console/actions/{action}", headers, id=job.id, csrf=token)
    assert answer.status_code == 403
    assert harness.store.get(job.id) == job


@pytest.mark.parametrize("name", ["x/../../me", "x?wait=1", "x%2Fy", "..", "x:retry/y", "é", " "])
def test_an_id_makes_no_other_call(harness: Harness, name: str) -> None:
    """What a form says is an id stays one, also for whoever has a session."""
    job = harness.put()
    person = Person(harness, OTTO)
    shown = person.get(f"/console/jobs/{job.id}").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', shown)
    assert found
    answer = person.post("/console/actions/delete-job", id=name, csrf=found[1])
    assert answer.status_code == 404
    assert harness.store.get(job.id) == job


def test_a_form_of_one_session_is_no_form_of_another(harness: Harness) -> None:
    """Its token is the session's own."""
    job = harness.put()
    other = Person(harness, OTTO).get(f"/console/jobs/{job.id}").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', other)
    assert found
    answer = Person(harness, ADA).post("/console/actions/cancel", id=job.id, csrf=found[1])
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", [*PAGES, "/console/console.js", "/console/console.css", "/console/icon.svg"]
)
def test_a_page_runs_nothing_but_its_own_files(harness: Harness, path: str) -> None:
    """No script or style in the page, no frame around it, nothing from another host."""
    answer = Person(harness, OTTO).get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    if path in PAGES:
        # Under `no-referrer` browsers send forms with `Origin: null`, which is refused.
        assert answer.headers.getlist("Referrer-Policy") == ["same-origin"]
    page = answer.get_data(as_text=True)
    if path.startswith(("/console/console.", "/console/icon.")):
        return
    assert re.findall(r"<script(?![^>]+src=\"/console/console.js\")", page) == []
    assert re.findall(r"<style| style=| on[a-z]+=", page) == []
    assert re.findall(r'(?:src|href)="(?!/|#)', page) == []


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_callers_write_is_text(harness: Harness, hostile: str) -> None:
    """In every place of every page where something of theirs is shown."""
    payload = msgspec.Raw(msgspec.json.encode({"text": hostile}))
    error = msgspec.structs.replace(an_error(), message=hostile, type=hostile, traceback=hostile)
    job = harness.put(
        payload=payload,
        labels={"name": hostile[:60]},
        status=Status.FAILED,
        error=error,
        attempts=(an_attempt(number=1, error=error),),
        result=msgspec.json.encode(hostile).decode(),
    )
    person = Person(harness, OTTO)
    for path in (*PAGES, f"/console/jobs/{job.id}", f"/console/jobs?label={hostile}"):
        page = person.get(path).get_data(as_text=True)
        assert hostile not in page.replace(html.escape(hostile), "") or hostile.isalnum()
        assert "<script>alert" not in page
        assert "<img" not in page
        assert 'href="javascript:' not in page
        assert "49" not in re.findall(r"\{\{ 7 \* 7 \}\}|>49<", page)


class Google(BaseHTTPRequestHandler):
    """The token endpoint, which gives what it is told."""

    answer: ClassVar[tuple[int, dict[str, Any]]] = (200, {})
    asked: ClassVar[dict[str, list[str]]] = {}

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        type(self).asked = parse_qs(self.rfile.read(length).decode())
        status, body = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(msgspec.json.encode(body))

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def google(harness: Harness) -> Any:
    server = HTTPServer(("127.0.0.1", 0), Google)
    thread = Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    object.__setattr__(harness.settings, "sign_in_urls", (address,))
    yield Google
    server.shutdown()
    thread.join()
    server.server_close()


def begun(person: Person, onward: str = "/console/jobs") -> dict[str, str]:
    """What the browser is sent to Google with."""
    answer = person.get(f"/console/sign-in?onward={onward}")
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def test_somebody_signs_in(harness: Harness, google: type[Google]) -> None:
    """There with state, nonce and PKCE, back with a code, and on to where one was going."""
    person = Person(harness)
    asked = begun(person)
    assert asked["redirect_uri"] == f"{HOST}/console/signed-in"
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    token = harness.issuer.token(ADA, CLIENT_ID, nonce=asked["nonce"])
    google.answer = (200, {"id_token": token})
    answer = person.get(f"/console/signed-in?code=abc&state={asked['state']}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/jobs")
    kept = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(SESSION))
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(kept.split("; "))
    assert (google.asked["code"], google.asked["client_secret"]) == (["abc"], ["secret"])
    assert person.get("/console/jobs").status_code == 200


@pytest.mark.parametrize(
    "fault", ["state", "no code", "no attempt", "nonce", "audience", "refused", "broken", "garbage"]
)
def test_a_sign_in_that_is_not_ones_own_is_none(
    harness: Harness, google: type[Google], fault: str
) -> None:
    """Whatever is made up or mixed up, nobody is signed in."""
    person = Person(harness)
    asked = begun(person)
    nonce = "other" if fault == "nonce" else asked["nonce"]
    audience = AUDIENCE + "x" if fault == "audience" else CLIENT_ID
    token = harness.issuer.token(ADA, audience, nonce=nonce)
    google.answer = {
        "refused": (400, {"error": "invalid_grant"}),
        "broken": (503, {}),
        "garbage": (200, {"id_token": "a.b.c"}),
    }.get(fault, (200, {"id_token": token}))
    if fault == "no attempt":
        person.browser.delete_cookie(ATTEMPT, domain="jobs.example")
    state = "other" if fault == "state" else asked["state"]
    code = "" if fault == "no code" else "abc"
    answer = person.get(f"/console/signed-in?code={code}&state={state}")
    assert answer.status_code == 401
    assert not any(one.startswith(SESSION) for one in answer.headers.getlist("Set-Cookie"))
    assert person.get("/console").status_code == 401


@pytest.mark.parametrize(
    "onward",
    [
        "https://evil.example",
        "//evil.example",
        "/v1/jobs",
        "/console//evil.example",
        "/console\\evil",
    ],
)
def test_nobody_is_sent_elsewhere(harness: Harness, onward: str) -> None:
    """After the sign-in there are pages of the console only."""
    person = Person(harness)
    begun(person, onward)
    cookie = person.browser.get_cookie(ATTEMPT, domain="jobs.example")
    assert cookie
    attempt = Attempt.read(cookie.value)
    assert attempt
    assert attempt.onward == "/console"


@pytest.mark.parametrize("cookie", ["", "x", urlsafe_b64encode(b"{}").decode(), "é"])
def test_a_made_up_attempt_is_none(cookie: str) -> None:
    """And no error."""
    assert Attempt.read(cookie) is None


def test_somebody_signs_out(harness: Harness) -> None:
    """The cookie goes; a form of another site can't do it."""
    person = Person(harness, ADA)
    assert person.post("/console/sign-out", csrf="0" * 64).status_code == 403
    shown = person.get("/console").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', shown)
    assert found
    assert person.post("/console/sign-out", csrf=found[1]).status_code == 200
    assert person.get("/console").status_code == 401


@pytest.mark.parametrize(("chosen", "kept"), [("dark", "dark"), ("light", "light"), ("x", "")])
def test_a_theme_is_kept(harness: Harness, chosen: str, kept: str) -> None:
    """And one goes back to the page where one chose it, which is never another site's."""
    person = Person(harness, ADA)
    shown = person.get("/console/jobs").get_data(as_text=True)
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', shown)
    assert found
    form = {"theme": chosen, "csrf": found[1]}
    back = person.post("/console/theme", {"Referer": f"{HOST}/console/jobs?status=failed"}, **form)
    assert (back.status_code, back.headers["Location"]) == (303, "/console/jobs?status=failed")
    assert re.findall(r'data-theme="(\w*)"', person.get("/console").text) == (
        [kept] if kept else []
    )
    away = person.post("/console/theme", {"Referer": "https://evil.example//x"}, **form)
    assert away.headers["Location"] == "/console"
    assert person.post("/console/theme", theme=chosen, csrf="0" * 64).status_code == 403


def test_without_a_client_there_is_no_console(issuer: Any, verifier: Any) -> None:
    """The page says what is missing."""
    person = Person(Harness(issuer, verifier), ADA)
    answer = person.get("/console")
    assert answer.status_code == 404
    assert "switched off" in answer.get_data(as_text=True)
    assert person.get("/console/sign-in").status_code == 403


NOW = T0 + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"status": "running"}, ""),
        ({"status": "failed"}, "failed for good"),
        ({"status": "queued", "run_at": NOW + timedelta(hours=2)}, "no earlier than"),
        ({"status": "queued", "run_at": NOW + timedelta(seconds=20), "attempts": [1]}, "in 20 s"),
        ({"status": "queued", "run_at": NOW - timedelta(seconds=20)}, "on the way"),
        ({"status": "queued", "run_at": NOW - timedelta(minutes=9)}, "been due for 9 min"),
    ],
)
def test_why_a_job_waits(job: dict[str, Any], said: str) -> None:
    """One sentence for each state."""
    about = {"attempts": [], "attempt": 1} | job
    if "run_at" in about:
        about["run_at"] = str(about["run_at"])
    assert said in words.why_waiting(about, NOW)


def test_a_time_line_fills_its_width() -> None:
    """However many attempts there were, and though some took no time."""
    now = T0.isoformat()
    about = {
        "created_at": now,
        "finished_at": None,
        "started_at": now,
        "status": "running",
        "attempt": 3,
        "attempts": [
            {
                "number": n,
                "outcome": "failed",
                "started_at": T0.isoformat(),
                "ended_at": T0.isoformat(),
            }
            for n in (1, 2)
        ],
    }
    parts = words.lanes(about, NOW)
    assert [part.kind for part in parts] == ["failed", "failed", "running"]
    assert parts[-1].x + parts[-1].width == pytest.approx(100, abs=0.1)


def test_a_job_cancelled_before_it_ran_has_a_time_line() -> None:
    """All of its life was waiting."""
    created, finished = T0.isoformat(), NOW.isoformat()
    about = {"created_at": created, "finished_at": finished, "status": "cancelled", "attempts": []}
    (part,) = words.lanes(about, NOW)
    assert (part.kind, part.width) == ("waiting", 100)
    assert part.label == "waited, and never ran, 10 min"


@pytest.mark.parametrize(
    ("about", "text", "value"),
    [
        ({"type": "string"}, "a\r\nb", "a\nb"),
        ({"type": "integer"}, "7", 7),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "1.5", 1.5),
        ({"type": "boolean"}, "true", True),
        ({"anyOf": [{"enum": ["GET"]}, {"type": "null"}]}, "GET", "GET"),
        ({"type": "array"}, "[1]", [1]),
        ({}, '{"a": null}', {"a": None}),
        ({"$ref": "#/$defs/X"}, "x", "x"),
    ],
)
def test_a_field_becomes_what_its_schema_says(about: Any, text: str, value: Any) -> None:
    """And an empty one is left out."""
    schema = {"properties": {"a": about, "b": about}, "$defs": {"X": {"type": "string"}}}
    assert forms.payload_of(schema, {"payload.a": text, "payload.b": " "}) == {"a": value}
    (field, _) = forms.fields_of(schema, {"a": value})
    assert forms.payload_of(schema, {"payload.a": field["value"]}) == {"a": value}


def test_a_field_that_is_no_json_is_named() -> None:
    """Rather than sent as something else."""
    with pytest.raises(forms.WrongField, match="`a` is not JSON"):
        forms.payload_of({"properties": {"a": {"type": "array"}}}, {"payload.a": "[1"})
