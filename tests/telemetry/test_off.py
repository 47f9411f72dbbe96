"""Telemetry that nobody asked for costs nothing."""

import subprocess
import sys
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from jobs.dispatch.queue import JobMessage
from jobs.errors import SettingsError
from jobs.memory.jobs import MemoryJobStore, MemoryQueue
from jobs.settings.settings import Settings
from jobs.telemetry.port import OFF
from jobs.telemetry.start import telemetry_for
from local.processes import ROOT
from tests.docs.test_settings import EVERYTHING
from tests.factories import some_settings
from tests.worker.conftest import run_here

_ENVIRONMENT = {
    **EVERYTHING,
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
}
_COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
_LOADED = """
import sys
import {service}.main
app = {service}.main.build()
app.test_client().get("/livez")
app.extensions["stop"]()
print(sorted(name for name in sys.modules if name.startswith("opentelemetry"))[:1])
"""


@pytest.mark.parametrize("service", ["api", "worker"])
def test_a_service_without_a_collector_loads_nothing_of_it(service: str) -> None:
    """No module of OpenTelemetry is imported by a service that was told of no collector."""
    ran = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", _LOADED.format(service=service)],
        cwd=ROOT,
        env=_ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_what_is_not_watched_stays_what_it_is() -> None:
    """Off means that ports and functions are themselves: no call more for a job."""
    store, queue = MemoryJobStore(), MemoryQueue()
    telemetry = telemetry_for("api", some_settings())
    assert telemetry is OFF
    assert telemetry.store(store) is store
    assert telemetry.queue(queue) is queue
    assert telemetry.answer(_answer) is _answer
    assert telemetry.attempt(run_here) is run_here
    assert telemetry.handler(run_here) is run_here
    assert telemetry.requests(_serve) is _serve
    assert telemetry.pushes(_serve) is _serve


def _answer(job_message: JobMessage) -> None:
    raise AssertionError(job_message)


def _serve(_environ: WSGIEnvironment, _start: StartResponse) -> list[bytes]:
    raise AssertionError


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({_COLLECTOR: "http://127.0.0.1:4318"}, True),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://telemetry.googleapis.com/v1/traces"},
            True,
        ),
        ({_COLLECTOR: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
        ({_COLLECTOR: "http://c:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_a_collector_turns_it_on(variables: dict[str, str], expected: bool) -> None:
    """The standard variables decide, and without the address of a collector it is off."""
    assert Settings.from_environment("api", _ENVIRONMENT | variables).telemetry is expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (_COLLECTOR, "collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
    ],
)
def test_what_it_cannot_do_is_refused_at_the_start(name: str, value: str) -> None:
    """A service says that it does not speak OTLP over gRPC, rather than to send nothing."""
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment("api", _ENVIRONMENT | {name: value})
