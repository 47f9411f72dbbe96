"""The spans of HTTP requests, through the API."""

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from werkzeug.test import Client, TestResponse

from api.app import create_app
from identity.tokens import Verifier
from jobs.dispatch.queue import JobMessage
from jobs.memory.jobs import MemoryQueue, memory_stores
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.factories import TRACEPARENT, a_registry, some_settings
from tests.faulty import Fault, FaultyJobStore
from tests.telemetry.conftest import TOPIC, Watched, own_place, parent_place, place_of

ADA = "ada@example.com"
BODY = {"type": "words.say", "payload": {"text": "hello"}}


class Api:
    """A watched API, and Ada, who calls it."""

    def __init__(self, watched: Watched, verifier: Verifier, issuer: Issuer) -> None:
        settings = some_settings(roles=(Binding(Role.SUBMITTER, (f"user:{ADA}",)),))
        self.store = FaultyJobStore()
        self.queue = MemoryQueue()
        self.token = issuer.token(ADA, settings.api_audiences[0])
        self.client = Client(
            create_app(
                settings,
                stores=memory_stores(self.store),
                queue=self.queue,
                verifier=verifier,
                registry=a_registry(),
                telemetry=watched.spans,
            )
        )

    def submit(self, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.post("/v1/jobs", json=BODY, headers=sent)


@pytest.fixture
def api(watched: Watched, verifier: Verifier, issuer: Issuer) -> Api:
    return Api(watched, verifier, issuer)


def test_a_submission_is_one_trace_from_the_caller_to_the_job_message(
    watched: Watched, api: Api
) -> None:
    """The request is a child of the caller's span; keeping and dispatching are the request's."""
    answer = api.submit(traceparent=TRACEPARENT)
    assert answer.status_code == 202
    request = watched.named("POST /v1/jobs")
    assert request.kind is SpanKind.SERVER
    assert parent_place(request) == place_of(TRACEPARENT)
    assert parent_place(watched.named("create job")) == own_place(request)
    assert parent_place(watched.named(f"send {TOPIC}")) == own_place(request)
    data = api.queue.take()
    assert data
    job_message = JobMessage.decode(data)
    assert job_message.job
    assert place_of(job_message.job.trace) == own_place(request)
    assert place_of(job_message.traceparent) == own_place(watched.named(f"send {TOPIC}"))
    assert answer.headers["X-Request-Id"] == f"{own_place(request)[0]:032x}"


def test_a_request_says_what_it_was(watched: Watched, api: Api) -> None:
    """Method, path, route and status, by the conventions; a route names no single job."""
    headers = {"Authorization": f"Bearer {api.token}"}
    assert api.client.get(f"/v1/jobs/{'0' * 32}?wait=0", headers=headers).status_code == 404
    span = watched.named("GET /v1/jobs/<job_id:job_id>")
    assert span.attributes == {
        "http.request.method": "GET",
        "url.path": f"/v1/jobs/{'0' * 32}",
        "url.scheme": "http",
        "http.route": "/v1/jobs/<job_id:job_id>",
        "http.response.status_code": 404,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is None


def test_an_error_of_the_service_fails_its_span(watched: Watched, api: Api) -> None:
    """A 503 is an error of the request, and the change that caused it names the cause."""
    api.store.fault = Fault.NOT_MADE
    assert api.submit().status_code == 503
    request = watched.named("POST /v1/jobs")
    assert request.status.status_code is StatusCode.ERROR
    assert (request.attributes or {})["error.type"] == "503"
    assert (watched.named("create job").attributes or {})["error.type"] == "store_unavailable"


def test_a_path_and_a_method_of_nobody_give_no_names(watched: Watched, api: Api) -> None:
    """What strangers make up does not become the name of a span."""
    assert api.client.open("/nowhere", method="BREW").status_code == 404
    assert watched.names == ["HTTP"]
    assert (watched.named("HTTP").attributes or {})["http.request.method"] == "_OTHER"


def test_a_trace_that_makes_no_sense_is_not_gone_on_with(watched: Watched, api: Api) -> None:
    """A request with a malformed header starts a trace of its own."""
    assert api.submit(traceparent="00-nonsense").status_code == 202
    assert watched.named("POST /v1/jobs").parent is None


def test_probes_are_not_traced(watched: Watched, api: Api) -> None:
    """A probe comes every few seconds and tells nothing."""
    assert api.client.get("/livez").status_code == 200
    assert watched.names == []
