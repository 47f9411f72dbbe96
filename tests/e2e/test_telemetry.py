"""One job's spans, from the caller to the handler, as a collector gets them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.collector import Collector, running_collector
from tests.e2e.conftest import ThirdParty
from tests.e2e.system import System

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
SEND, PROCESS = "send dormouse-jobs", "process dormouse-jobs"


@dataclass
class Traced:
    """A system that sends its spans to a collector."""

    system: System
    collector: Collector


@pytest.fixture(scope="module")
def traced(third_party: ThirdParty) -> Iterator[Traced]:
    with running_collector() as collector:
        system = System.start(
            embedded=True,
            environment={
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "DORMOUSE_HANDLERS": "tests.e2e.traced_handlers",
                "DORMOUSE_ALLOWED_HOSTS": third_party.host,
            },
        )
        try:
            yield Traced(system.wait_until_ready(), collector)
        finally:
            system.stop()


def test_a_job_is_one_trace(traced: Traced) -> None:
    """Submit, dispatch, claim, handler and finish are one trace under the caller's span."""
    answer = traced.system.call(
        "POST",
        "/v1/jobs",
        {"type": "weather.ask", "payload": {"name": "Bern"}},
        traceparent=f"00-{TRACE}-{CALLER}-01",
    )
    assert traced.system.finished(answer.json())["status"] == "succeeded"
    traced.collector.wait_for(lambda: PROCESS in traced.collector.of_trace(TRACE))
    spans = traced.collector.of_trace(TRACE)
    parents = {
        name: next(
            (other for other, one in spans.items() if one.span.span_id == of.span.parent_span_id),
            of.span.parent_span_id.hex(),
        )
        for name, of in spans.items()
    }
    assert parents == {
        "POST /v1/jobs": CALLER,
        "create job": "POST /v1/jobs",
        SEND: "POST /v1/jobs",
        PROCESS: SEND,
        "claim job": PROCESS,
        "handle weather.ask": PROCESS,
        "look out of the window": "handle weather.ask",
        "finish job": PROCESS,
    }
    assert {name: of.service for name, of in spans.items() if of.service != "dormouse-worker"} == (
        dict.fromkeys(["POST /v1/jobs", "create job", SEND], "dormouse-api")
    )
    [link] = spans[PROCESS].span.links
    assert link.span_id == spans[SEND].span.span_id
    assert [one.error for one in spans.values() if one.error] == []


def test_what_a_handler_calls_sees_the_attempt(traced: Traced, third_party: ThirdParty) -> None:
    """An outbound call carries the handler's span, so the other side's spans hang below it."""
    trace = "5".rjust(32, "a")
    path = "/status/200/traced"
    answer = traced.system.call(
        "POST",
        "/v1/jobs",
        {"type": "http.request", "payload": {"url": third_party.url(path)}},
        traceparent=f"00-{trace}-{CALLER}-01",
    )
    assert traced.system.finished(answer.json())["status"] == "succeeded"
    traced.collector.wait_for(lambda: PROCESS in traced.collector.of_trace(trace))
    handle = traced.collector.of_trace(trace)["handle http.request"]
    [sent] = [headers for got, headers in third_party.received if got == path]
    assert sent["Traceparent"] == f"00-{trace}-{handle.span.span_id.hex()}-01"
