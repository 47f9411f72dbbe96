"""The smoke test against a server of its own that answers as the API does, or does not."""

import json
import runpy
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask, Response, request
from werkzeug.serving import make_server

from local.ports import LOOPBACK
from local.processes import ROOT

main: Any = runpy.run_path(str(ROOT / "infra" / "build" / "smoke.py"))["main"]


@dataclass
class Api:
    """Finishes each job at the second look."""

    url: str = ""
    health: str = "ok"
    status: str = "succeeded"
    workers: list[str] = field(default_factory=lambda: ["worker-1"])
    submitted: list[Any] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    state = Api()
    app = Flask("api")

    def answer(body: Any, status: int = 200) -> Response:
        state.tokens.add(request.headers["Authorization"])
        return Response(json.dumps(body), status, content_type="application/json")

    @app.get("/v1/health")
    def health() -> Response:
        return answer({"status": state.health})

    @app.get("/v1/job-types/<name>")
    def job_type(name: str) -> Response:
        return answer({"name": name, "example": {"text": "a\n1\n"}})

    @app.post("/v1/jobs")
    def submit() -> Response:
        state.submitted.append(request.get_json())
        return answer({"id": "1", "status": "queued", "finished_at": None}, 202)

    @app.get("/v1/jobs/1")
    def get() -> Response:
        worker = state.workers[min(len(state.submitted), len(state.workers)) - 1]
        return answer(
            {
                "id": "1",
                "status": state.status,
                "finished_at": None if state.status == "running" else "2026-01-01T00:00:00Z",
                "result": {"rows": 1} if state.status == "succeeded" else None,
                "error": None,
                "attempts": [{"worker": worker}],
            }
        )

    server = make_server(LOOPBACK, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state.url = f"http://{LOOPBACK}:{server.server_port}"
    monkeypatch.setenv("TOKEN", "a-token")
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_job_that_succeeds_is_well(api: Api) -> None:
    """The job type's own example is submitted, with the token, and its result waited for."""
    assert main([api.url]) == 0
    assert api.submitted == [{"type": "table.profile", "payload": {"text": "a\n1\n"}}]
    assert api.tokens == {"Bearer a-token"}


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_does_not_is_not(api: Api, status: str) -> None:
    """Nor is one that ends otherwise."""
    api.status = status
    assert main([api.url]) == 1


def test_a_job_that_never_ends_is_given_up(api: Api) -> None:
    """The build does not wait for ever."""
    api.status = "running"
    assert main([api.url, "--seconds", "0"]) == 1


def test_an_api_that_is_not_well_gets_no_job(api: Api) -> None:
    """Its health comes first."""
    api.health = "degraded"
    assert main([api.url]) == 1
    assert api.submitted == []


def test_a_server_that_refuses_is_not_well(api: Api) -> None:
    """An answer of 404 is no answer."""
    assert main([api.url + "/nowhere"]) == 1


def test_jobs_go_in_until_a_worker_has_run_one(api: Api) -> None:
    """The new worker gets a tenth of them."""
    api.workers = ["old", "old", "new"]
    assert main([api.url, "--until-worker", "new", "--tries", "5"]) == 0
    assert len(api.submitted) == 3


def test_a_worker_that_runs_none_is_not_well(api: Api) -> None:
    """After so many jobs it should have had one."""
    assert main([api.url, "--until-worker", "new", "--tries", "3"]) == 1
    assert len(api.submitted) == 3
