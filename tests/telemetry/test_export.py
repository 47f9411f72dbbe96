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
from tests.making import a_job, some_settings


class Collector(SpanExporter):
    """Counts what it gets each time, and refuses it while it is told to."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.answer = SpanExportResult.SUCCESS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.got.append(len(spans))
        return self.answer


class House:
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
def house() -> House:
    return House()


def test_spans_leave_together_when_they_are_sent_for(house: House) -> None:
    """One call takes all that ended since the last; where nothing did, there is no call."""
    house.work(3)
    assert house.collector.got == []
    assert house.processor.force_flush()
    assert house.processor.force_flush()
    assert house.collector.got == [3]


def test_a_long_request_does_not_hoard(house: House) -> None:
    """A sweep that makes many spans sends them as it goes."""
    house.work(BATCH + 1)
    assert house.collector.got == [BATCH]


def test_a_collector_that_fails_is_left_alone_for_a_while(house: House) -> None:
    """One request in a minute pays for a collector that is out of reach; the others' spans go."""
    house.collector.answer = SpanExportResult.FAILURE
    house.work()
    assert not house.processor.force_flush()
    house.seconds = PAUSE_SECONDS - 1
    house.work()
    assert not house.processor.force_flush()
    assert house.collector.got == [1]
    house.collector.answer = SpanExportResult.SUCCESS
    house.seconds = PAUSE_SECONDS
    house.work(2)
    assert house.processor.force_flush()
    assert house.collector.got == [1, 2]


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
