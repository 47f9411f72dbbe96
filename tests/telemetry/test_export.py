"""When spans leave, and what a collector that fails may cost."""

from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from jobs.memory import MemoryJobStore
from jobs.telemetry.export import BATCH, PAUSE_SECONDS, SpansOfRequests, provider
from jobs.telemetry.spans import Spans
from tests.making import a_job


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
        self.store = Spans(provider("api", "p", self.processor), "tickets").store(MemoryJobStore())
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
