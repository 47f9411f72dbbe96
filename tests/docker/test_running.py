"""The images, built and run by Docker Compose. Only where `DORMOUSE_TEST_DOCKER=1` asks for it.

It takes a Docker engine, large images, and some minutes. CI has no engine.
"""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from local.client import LocalClient
from local.ports import PURPOSES, Ports, variable
from local.processes import ROOT
from local.services import url

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("DORMOUSE_TEST_DOCKER") != "1", reason="DORMOUSE_TEST_DOCKER=1 asks for it"
    ),
    pytest.mark.timeout(1200),
]

OURS = ("api", "worker", "local")
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAIBAMAAAA/ygPCAAAAMFBMVEW+w3i+lnh4tHg8w3gKw3golni+aXh4aXg8aXgKa"
    "Xi+LXi+AHh4Hng8LXgKLXgoAHiWJnL/AAAAKElEQVR42mP8z/D3wnsGlvfv/zO8Z2BiYGBgYGBgWf3+/wcEbw8WJQBuBh"
    "NbribusAAAAABJRU5ErkJggg=="
)
SECONDS = 60
OPEN_CONNECTIONS = """
from pathlib import Path
lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
ends = [(line.split()[1].partition(":")[2], line.split()[3]) for line in lines]
print(ends.count((f"{8080:04X}", "01")))
"""
"""Prints how many connections to port 8080 are established."""


@dataclass(frozen=True)
class Stack:
    """A run of the compose file under a name and on ports of its own."""

    name: str
    ports: Ports

    def compose(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        chosen = {variable(name): str(getattr(self.ports, name)) for name in PURPOSES}
        ran = subprocess.run(  # noqa: S603 - ours
            ["docker", "compose", "--project-name", self.name, *arguments],  # noqa: S607 - wherever it is
            cwd=ROOT,
            env={**os.environ, **chosen},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0 or not check, ran
        return ran

    def python(self, service: str, program: str) -> Any:
        """What a program prints, as JSON, in the service's container."""
        ran = self.compose("exec", "-T", service, "python", "-c", program)
        return json.loads(ran.stdout)

    def exit_status(self, service: str) -> int:
        ran = self.compose("ps", "--all", "--format", "json", service)
        status: int = json.loads(ran.stdout)["ExitCode"]
        return status

    @property
    def client(self) -> LocalClient:
        return LocalClient(url(self.ports.api), url(self.ports.local))

    def run(self, job_type: str, payload: dict[str, Any]) -> dict[str, Any]:
        return self.client.run(job_type, payload, SECONDS, lambda: None)

    def call(self, method: str, path: str, token: str, body: Any = None) -> requests.Response:
        return requests.request(
            method,
            url(self.ports.api) + path,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS,
        )


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The compose file, built and up."""
    assert shutil.which("docker"), "there is no Docker"
    stack = Stack(f"dormouse-test-{secrets.token_hex(4)}", Ports.free())
    try:
        up = stack.compose("up", "--build", "--detach", "--wait", check=False)
        logs = stack.compose("logs", "--no-color", "--tail=30", check=False)
        assert up.returncode == 0, up.stderr + logs.stdout
        yield stack
    finally:
        stack.compose("down", "--volumes", "--rmi=local", "--timeout=10", check=False)


def test_the_three_job_types_go_all_the_way(stack: Stack) -> None:
    """A table, a picture and a call of another server go through containers as through `up`."""
    table = stack.run("table.profile", {"text": "city,people\nBern,134591\nBasel,173863\n"})
    assert table["status"] == "succeeded", table
    assert table["result"]["rows"] == 2
    picture = stack.run("image.thumbnail", {"base64": PICTURE, "width": 6, "height": 6})
    assert picture["status"] == "succeeded", picture
    assert (picture["result"]["width"], picture["result"]["height"]) == (6, 4)
    called = stack.run("http.request", {"url": "http://local:8082/hello"})
    assert called["status"] == "succeeded", called
    assert "from the local cloud" in called["result"]["body"]


@pytest.mark.parametrize("service", OURS)
def test_a_container_is_not_root_and_writes_nowhere(stack: Stack, service: str) -> None:
    """Only /tmp can be written to, and the process has another user than root."""
    program = """
import errno, json, os, tempfile
def writes(folder):
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "yes"
print(json.dumps({"user": os.getuid(), **{to: writes(to) for to in ("/app", "/venv", "/tmp")}}))
"""
    found = stack.python(service, program)
    assert found.pop("user") > 0
    assert found == {"/app": "EROFS", "/venv": "EROFS", "/tmp": "yes"}  # noqa: S108 - not here


@pytest.mark.parametrize("service", OURS)
def test_a_container_has_no_shell_and_no_tools(stack: Stack, service: str) -> None:
    """There is no shell, compiler, package manager or other interpreter to start."""
    tools = "sh bash dash cc gcc apt-get dpkg pip perl curl wget git uv"
    program = f"import json, shutil; print(json.dumps(list(filter(shutil.which, {tools.split()}))))"
    assert stack.python(service, program) == []
    assert stack.compose("exec", "-T", service, "sh", "-c", "true", check=False).returncode != 0


@pytest.mark.parametrize(
    ("service", "absent"),
    [
        ("api", ["worker", "local", "tests", "duckdb", "PIL", "pip", "pytest"]),
        ("worker", ["api", "local", "tests", "pip", "pytest"]),
    ],
)
def test_an_image_holds_nothing_it_does_not_need(
    stack: Stack, service: str, absent: list[str]
) -> None:
    """Neither the other service nor what only that one needs can be imported."""
    program = f"""
import importlib.util, json
print(json.dumps([name for name in {absent} if importlib.util.find_spec(name)]))
"""
    assert stack.python(service, program) == []


@pytest.mark.parametrize("service", ["api", "worker"])
def test_everything_is_compiled(stack: Stack, service: str) -> None:
    """Nothing that a service imports has to be compiled first."""
    program = """
import json, sys, importlib
from importlib.util import cache_from_source
from pathlib import Path
for name in ("flask", "grpc", "jobs.gcp.firestore", "jobs.gcp.pubsub", "handlers",
"identity.tokens"):
    importlib.import_module(name)
sources = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
python = [name for name in sources if name and name.endswith(".py")]
print(json.dumps([name for name in python if not Path(cache_from_source(name)).exists()]))
"""
    assert stack.python(service, program) == []


def test_the_api_stops_in_time_with_a_request_open(stack: Stack) -> None:
    """SIGTERM ends it within eight seconds (after SIGKILL it would be 137), and answers first."""
    token = stack.client.token()
    job = {"type": "http.request", "payload": {"url": "http://local:8082/"}, "delay_seconds": 3600}
    path = stack.call("POST", "/v1/jobs", token, job).headers["Location"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(stack.call, "GET", f"{path}?wait=30", token)
        while stack.python("api", OPEN_CONNECTIONS) == 0:
            assert not waiting.done(), waiting.result()
        stack.compose("stop", "--timeout=8", "api")
        assert waiting.result().json()["status"] == "queued"
    assert stack.exit_status("api") == 0
    stack.compose("up", "--detach", "--wait", "api")


def test_the_worker_hands_its_job_back_when_it_stops(stack: Stack) -> None:
    """Stopped in time while a handler hangs: the job is queued again, and done by the next."""
    token = stack.client.token()
    hangs = {"type": "http.request", "payload": {"url": "http://local:8082/hello"}}
    path = stack.call("POST", "/v1/jobs", token, {**hangs, "delay_seconds": 3}).headers["Location"]

    def job() -> dict[str, Any]:
        found: dict[str, Any] = stack.call("GET", path, token).json()
        return found

    stack.compose("pause", "local")
    until = time.monotonic() + SECONDS
    while job()["status"] != "running":
        assert time.monotonic() < until, job()
        time.sleep(0.1)
    stack.compose("stop", "--timeout=8", "worker")
    assert stack.exit_status("worker") == 0
    assert (job()["status"], job()["attempt"]) == ("queued", 0)
    stack.compose("unpause", "local")
    stack.compose("up", "--detach", "--wait", "--no-deps", "worker")
    while job()["finished_at"] is None:
        assert time.monotonic() < until + SECONDS, job()
        time.sleep(0.1)
    assert (job()["status"], job()["attempt"]) == ("succeeded", 1)
