"""How spans leave: at the end of a request, from its own thread.

Cloud Run's request-based billing gives CPU only while a request is open, so there is no thread in
the background that could send them later. docs/decisions/0050-spans-leave-with-the-response.md
"""

import threading
import time
from collections.abc import Callable

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

PAUSE_SECONDS = 60.0
"""A collector that fails gets nothing for so long: what ends meanwhile is dropped."""
BATCH = 512
"""So many ended spans leave at once, though their request goes on."""


class SpansOfRequests(SpanProcessor):
    """Holds ended spans until `force_flush` sends them.

    A collector out of reach costs a request the exporter's timeout, and then none for
    `PAUSE_SECONDS`; requests that meet it at the same moment pay each for itself. Safe for threads.
    """

    def __init__(
        self,
        exporter: SpanExporter,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exporter = exporter
        self._monotonic = monotonic
        self._ended: list[ReadableSpan] = []
        self._again_at = float("-inf")
        self._lock = threading.Lock()

    def on_end(self, span: ReadableSpan) -> None:
        if not span.context or not span.context.trace_flags.sampled:
            return
        with self._lock:
            self._ended.append(span)
            is_full = len(self._ended) >= BATCH
        if is_full:
            self.force_flush()

    def force_flush(self, timeout_millis: int = 0) -> bool:  # noqa: ARG002 - OpenTelemetry's own
        """Whether all that had ended was taken. What was not is gone."""
        with self._lock:
            spans, self._ended = self._ended, []
            is_paused = self._monotonic() < self._again_at
        if not spans:
            return True
        if is_paused:
            return False
        if self._exporter.export(spans) is SpanExportResult.SUCCESS:
            return True
        with self._lock:
            self._again_at = self._monotonic() + PAUSE_SECONDS
        return False


def provider(service: str, project: str, processor: SpanProcessor) -> TracerProvider:
    """The standard variables choose the sampler, and go before what the resource says here.

    Google's Telemetry API asks for `gcp.project_id`.
    """
    ours = Resource.create({"service.name": f"dormouse-{service}", "gcp.project_id": project})
    made = TracerProvider(
        resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
    )
    made.add_span_processor(processor)
    return made
