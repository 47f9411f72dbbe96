"""What strangers get of the API's gunicorn: a thread for some time, and answers of our own."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from api.server.slow_clients import PatientSocket
from api.server.unreadable import refusal
from local.ports import LOOPBACK, Ports
from local.processes import ROOT

# The API's own configuration, but for its patience, and a small application behind it.
CONFIGURATION = """
import runpy

from gunicorn.workers import gthread

from api.server import slow_clients

globals().update(runpy.run_path("api/gunicorn.conf.py"))
threads = 2
loglevel = "warning"
slow_clients.REQUEST_SECONDS = slow_clients.LINGER_SECONDS = 0.2
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.2
"""
APPLICATION = """
from flask import Flask, request

app = Flask("small")
app.extensions["stop"] = lambda: None


@app.get("/")
def hello():
    return "hello"


@app.post("/")
def read():
    return str(len(request.get_data()))
"""
SLOW = {
    "silent": b"",
    "in its head": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ",
    "in a body that is read": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
    "in a body that is not": b"POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
    "in chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "in hanging up": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where gunicorn listens with two threads, which give each request 0.2 s to arrive."""
    folder: Path = tmp_path_factory.mktemp("gunicorn")
    (folder / "conf.py").write_text(CONFIGURATION)
    (folder / "small.py").write_text(APPLICATION)
    port = Ports.free().api
    options = ["-c", f"{folder}/conf.py", "--pythonpath", str(folder), "--bind"]
    process = subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-m", "gunicorn", *options, f"{LOOPBACK}:{port}", "small:app"], cwd=ROOT
    )
    try:
        while not _answers(port):
            assert process.poll() is None
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("slow", SLOW.values(), ids=SLOW)
def test_a_slow_client_holds_no_thread_for_ever(port: int, slow: bytes) -> None:
    """Twice as many as there are threads are slow in the same way, and another gets in."""
    clients = [socket.create_connection((LOOPBACK, port)) for _ in range(4)]
    try:
        for client in clients:
            client.sendall(slow)
        assert _answers(port)
    finally:
        for client in clients:
            client.close()


def test_no_answer_names_the_server(port: int) -> None:
    """What serves, and so what is known to be wrong with it, is nobody's business."""
    with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=10)) as client:
        client.request("GET", "/")
        headers = dict(client.getresponse().getheaders())
    assert headers.keys() >= {"Date", "Content-Length"}
    assert not any("gunicorn" in value.lower() for value in headers.values())
    assert "Server" not in headers


def test_a_client_that_drips_gains_nothing(port: int) -> None:
    """A byte now and then does not make the time longer: the connection is closed."""
    with closing(socket.create_connection((LOOPBACK, port))) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        client.settimeout(0.02)
        # Ends at the test's own timeout if nobody hangs up.
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            _drip(client)


def test_a_client_that_does_not_read_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing an answer has an end too."""
    monkeypatch.setattr("api.server.slow_clients.ANSWER_SECONDS", 0.05)
    ours, theirs = socket.socketpair()
    patient = PatientSocket(fileno=ours.detach())
    with closing(theirs), closing(patient), pytest.raises(ConnectionResetError):
        patient.sendall(bytes(64 * 1024 * 1024))


def test_nothing_is_read_after_the_time_is_up() -> None:
    """Not even what is there, and whatever timeout somebody set."""
    ours, theirs = socket.socketpair()
    with closing(theirs), closing(PatientSocket(fileno=ours.detach())) as patient:
        theirs.sendall(b"early, late")
        patient.until = time.monotonic() + 60
        assert patient.recv(5) == b"early"
        patient.until = time.monotonic()
        patient.settimeout(None)
        with pytest.raises(ConnectionResetError):
            patient.recv(5)


def test_an_answer_is_left_for_its_reader() -> None:
    """The other end reads all of it, then the end; what it sends meanwhile is thrown away."""
    ours, theirs = socket.socketpair()
    with closing(theirs), closing(PatientSocket(fileno=ours.detach())) as patient:
        patient.sendall(b"an answer")
        theirs.sendall(b"more of the body")
        theirs.shutdown(socket.SHUT_WR)
        patient.linger()
        assert (theirs.recv(100), theirs.recv(100)) == (b"an answer", b"")


UNREADABLE = {
    "no HTTP": (b"hello\r\n\r\n", 400, "invalid_request"),
    "a colon missing": (b"GET / HTTP/1.1\r\nHost: x\r\nsecret\r\n\r\n", 400, "invalid_request"),
    "two lengths": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
        "invalid_request",
    ),
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
        "invalid_request",
    ),
    "an unknown coding": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: secret\r\n\r\n",
        400,
        "invalid_request",
    ),
    "a folded header": (
        b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n secret\r\n\r\n",
        400,
        "invalid_request",
    ),
    "a long line": (b"GET /?secret=" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
    "many headers": (
        b"GET / HTTP/1.1\r\n" + b"X-A: secret\r\n" * 101 + b"\r\n",
        431,
        "headers_too_large",
    ),
    "a long header": (
        b"GET / HTTP/1.1\r\nX-A: secret" + b"a" * 9000 + b"\r\n\r\n",
        431,
        "headers_too_large",
    ),
}


@pytest.mark.parametrize(("sent", "status", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_request_gets_a_problem(port: int, sent: bytes, status: int, code: str) -> None:
    """The answer has our form and headers, and not a word of gunicorn's or of what was sent."""
    with closing(socket.create_connection((LOOPBACK, port))) as client:
        client.sendall(sent)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        body = answer.read()
    problem = json.loads(body)
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-Request-Id"] == problem["request_id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Connection"] == "close"
    assert b"secret" not in body


def test_what_fails_before_the_application_shows_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The exception is in the log, under the id that the answer has."""
    answer = refusal(RuntimeError("the password is swordfish"))
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["code"] == "internal"
    assert b"swordfish" not in answer
    assert "swordfish" in caplog.text
    assert problem["request_id"] in caplog.text


def _drip(client: socket.socket) -> None:
    while True:
        client.sendall(b"X-A: b\r\n")
        with suppress(TimeoutError):
            client.recv(1)


def _answers(port: int) -> bool:
    """Whether a quick client gets its answer; waits for it."""
    try:
        with closing(socket.create_connection((LOOPBACK, port), timeout=30)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return client.recv(12) == b"HTTP/1.1 200"
    except ConnectionRefusedError:
        time.sleep(0.02)
        return False
