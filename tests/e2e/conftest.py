"""One system for each mode, and somebody else's server for its jobs to call."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from local.emulators import find_emulators
from local.ports import LOOPBACK
from local.sdk import EmulatorsMissing
from tests.conftest import skip_or_fail
from tests.e2e.system import System

MODES = ["emulators", "embedded"]


@dataclass
class ThirdParty:
    """A server out there. Answers `/status/N` with N once, or with 200 from the second time on.

    It stands in for Cloud Storage too: every object is a table of one row with its own name.
    """

    host: str = ""
    received: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    told: SimpleQueue[tuple[dict[str, str], bytes]] = field(default_factory=SimpleQueue)

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


@pytest.fixture(scope="session")
def third_party() -> Iterator[ThirdParty]:
    party = ThirdParty()
    app = Flask("third-party")

    @app.route("/status/<int:status>/<name>", methods=["GET", "POST"])
    def answer(status: int, name: str) -> Response:
        again = any(path.endswith(name) for path, _ in party.received)
        party.received.append((request.path, dict(request.headers)))
        return Response("thank you", status=200 if again else status, content_type="text/plain")

    @app.post("/hook")
    def take() -> Response:
        party.told.put((dict(request.headers), request.get_data()))
        return Response(status=204)

    @app.get("/storage/v1/b/uploads/o/<path:name>")
    def object_(name: str) -> Response:
        return Response(f"name\n{name}\n", content_type="text/csv")

    server = make_server(LOOPBACK, 0, app, threaded=True)
    party.host = f"{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield party
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def _needs() -> None:
    """The emulators' files, without starting them: each system starts its own."""
    try:
        find_emulators()
    except EmulatorsMissing as missing:
        skip_or_fail(str(missing))


@pytest.fixture(scope="session", params=MODES)
def system(request: pytest.FixtureRequest, third_party: ThirdParty) -> Iterator[System]:
    """A running system; its jobs may call `third_party`."""
    if request.param == "emulators":
        request.getfixturevalue("_needs")
    system = System.start(
        embedded=request.param == "embedded",
        environment={
            "DORMOUSE_ALLOWED_HOSTS": third_party.host,
            "DORMOUSE_TRIGGERS": "tests/e2e/triggers.toml",
            "DORMOUSE_BUCKETS": "uploads",
            "STORAGE_EMULATOR_HOST": third_party.url(""),
            "DORMOUSE_EVENTS_TOPIC": "dormouse-events",
        },
    )
    try:
        yield system.wait_until_ready()
    finally:
        system.stop()
