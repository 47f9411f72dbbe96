"""When spans leave, and what a collector that fails may cost."""

import socket
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from jobs.memory.jobs import MemoryJobStore
from jobs.telemetry.export import BATCH, PAUSE_SECONDS, SpansOfRequests, provider
from jobs.telemetry.spans import Spans
from local.ports import LOOPBACK
from tests.factories import a_job, some_settings


class Collector(SpanExporter):
    """Counts what it gets each time, and refuses it while it is told to."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.answer = SpanExportResult.SUCCESS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.got.append(len(spans))
        return self.answer


class Harness:
    """A watched store, a collector, and a clock."""

    def __init__(self) -> None:
        self.collector = Collector()
        self.seconds = 0.0
        self.processor = SpansOfRequests(self.collector, lambda: self.seconds)
        self.store = Spans(provider("api", "p", self.processor), "jobs").store(MemoryJobStore())
        self.made = 0

    def work(self, spans: int = 1) -> None:
        for _ in range(spans):
            self.store.create(a_job(id=f"{self.made:032}"))
            self.made += 1


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_spans_leave_together_when_they_are_sent_for(harness: Harness) -> None:
    """One call takes all that ended since the last; where nothing did, there is no call."""
    harness.work(3)
    assert harness.collector.got == []
    assert harness.processor.force_flush()
    assert harness.processor.force_flush()
    assert harness.collector.got == [3]


def test_a_long_request_does_not_hoard(harness: Harness) -> None:
    """A sweep that makes many spans sends them as it goes."""
    harness.work(BATCH + 1)
    assert harness.collector.got == [BATCH]


def test_a_collector_that_fails_is_left_alone_for_a_while(harness: Harness) -> None:
    """One request in a minute pays for a collector that is out of reach; the others' spans go."""
    harness.collector.answer = SpanExportResult.FAILURE
    harness.work()
    assert not harness.processor.force_flush()
    harness.seconds = PAUSE_SECONDS - 1
    harness.work()
    assert not harness.processor.force_flush()
    assert harness.collector.got == [1]
    harness.collector.answer = SpanExportResult.SUCCESS
    harness.seconds = PAUSE_SECONDS
    harness.work(2)
    assert harness.processor.force_flush()
    assert harness.collector.got == [1, 2]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A collector that takes connections and never answers."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server


def test_a_collector_that_is_silent_fails_no_request(
    silent: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request waits for it in vain, the others don't; all are answered."""
    endpoint = f"http://{LOOPBACK}:{silent.getsockname()[1]}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    spans = Spans.to_collector("api", some_settings(telemetry=True))
    app = spans.requests(lambda _environ, _start: [b"answer"])
    tried = []
    for _ in range(3):
        request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http"}
        assert app(request, lambda *_: lambda _: None) == [b"answer"]
        tried.append(connections(silent))
    assert tried[0] >= 1
    assert tried[1:] == [0, 0]


def connections(server: socket.socket) -> int:
    """How many came since the last look."""
    server.setblocking(False)
    taken = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return taken
        taken += 1
