"""A stand-in for the worker that remembers what it was sent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from flask import Flask, Request, Response, request
from werkzeug.serving import make_server

from local.cloud.caller import WorkerCaller
from local.cloud.identity import Issuer
from local.cloud.settings import CloudSettings
from local.ports import LOOPBACK


@dataclass
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, got: Request) -> "Received":
        return cls(got.path, dict(got.headers), got.get_data())

    @property
    def token(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")


@dataclass
class StandIn:
    """Answers with what `answer` says; 204 if nothing else is set."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int] = lambda _: 204


Serve = Callable[[Flask], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an application over HTTP until the test ends; gives its URL."""
    with ExitStack() as ending:

        def start(app: Flask) -> str:
            server = make_server(LOOPBACK, 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            for step in (server.server_close, thread.join, server.shutdown):
                ending.callback(step)
            return f"http://{LOOPBACK}:{server.server_port}"

        yield start


@pytest.fixture
def worker(serve: Serve) -> StandIn:
    stand_in = StandIn()
    app = Flask("stand-in")

    @app.post("/<path:path>")
    def take(path: str) -> Response:
        del path
        got = Received.of(request)
        stand_in.received.append(got)
        return Response(status=stand_in.answer(got))

    stand_in.url = serve(app)
    return stand_in


@pytest.fixture
def settings(worker: StandIn, project: str) -> CloudSettings:
    return CloudSettings(
        project=project,
        worker_url=worker.url,
        worker_audience="https://worker.test",
        push_account="push@test.iam.gserviceaccount.com",
        scheduler_account="scheduler@test.iam.gserviceaccount.com",
        eventarc_account="eventarc@test.iam.gserviceaccount.com",
    )


@pytest.fixture
def caller(settings: CloudSettings, issuer: Issuer) -> Iterator[WorkerCaller]:
    caller = WorkerCaller(settings, issuer)
    yield caller
    caller.close()
