"""What starting a service costs, and what it must not do."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.conftest import Harness

ROOT = Path(__file__).parents[2]
HEAVY = (
    "duckdb",
    "PIL",
    "urllib3",
    "requests",
    "google.cloud.firestore",
    "google.cloud.pubsub",
    "google.cloud.firestore_v1.services",
    "google.pubsub_v1.services",
    "google.api_core",
    "api.console.actions",
    "api.console.bulk",
    "api.console.forms",
    "api.console.inside",
    "api.console.offers",
    "api.console.pages",
    "api.console.session",
    "api.console.sign_in",
    "api.console.words",
)

IMPORTS = """
import socket, sys, threading

def refuse(*_):
    raise AssertionError("an import opened a connection")

socket.socket.connect = refuse
import importlib
for name in {modules!r}:
    importlib.import_module(name)
assert threading.active_count() == 1, threading.enumerate()
print(*(name for name in {heavy!r} if name in sys.modules))
"""


@pytest.mark.parametrize(
    "modules", [("api.main", "handlers"), ("worker.main", "handlers")], ids=lambda names: names[0]
)
def test_importing_a_service_is_light(modules: tuple[str, ...]) -> None:
    """Neither service imports a client or a handler's library, connects, or starts a thread."""
    script = IMPORTS.format(modules=modules, heavy=HEAVY)
    ran = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.split()) == (0, []), ran.stderr


def test_making_the_application_asks_nobody(harness: Harness) -> None:
    """The application is made without a look at its store and its queue."""

    class Untouchable:
        events = None

        def __getattr__(self, name: str) -> object:
            if name == "ping":
                return lambda: None
            raise AssertionError(f"{name} was asked for")

    harness.store = Untouchable()  # type: ignore[assignment]
    harness.queue = Untouchable()  # type: ignore[assignment]
    harness.dead_letters = Untouchable()  # type: ignore[assignment]
    harness.__post_init__()
    assert harness.nobody.get("/livez").status_code == 200


def test_the_reference_is_made_when_it_is_asked_for(harness: Harness) -> None:
    """A cold start does not wait for a document that few read."""
    reference = harness.app.extensions["reference"]
    assert not {"openapi", "document", "page"} & vars(reference).keys()
    first = harness.nobody.get("/openapi.json")
    assert {"openapi", "document"} <= vars(reference).keys()
    assert harness.nobody.get("/openapi.json").data == first.data
