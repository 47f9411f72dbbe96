"""What telemetry costs a job: `python -m bench.telemetry`.

Everything that is decorated, on a store and a queue in memory, so that what differs is telemetry:
off, on with a trace that is not sampled, and on with a collector on loopback, whose own CPU is not
counted. A job is two requests, so two calls of the collector.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from jobs.context import Link
from jobs.dispatch.queue import JobMessage
from jobs.job import transitions
from jobs.job.model import Job, Progress
from jobs.memory.jobs import MemoryJobStore, MemoryQueue
from jobs.settings.settings import Settings
from jobs.telemetry.port import OFF, Telemetry
from jobs.telemetry.start import telemetry_for
from local.ports import LOOPBACK
from worker.attempts.claim import LEASE_MARGIN
from worker.attempts.outcome import HandlerOutcome, Succeeded
from worker.processes.run import Task
from worker.secrets.secret_files import NO_SECRETS

ROUNDS, JOBS = 5, 500
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"


class _Collector(BaseHTTPRequestHandler):
    """Takes everything, and keeps connections."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def collect() -> None:
    server = ThreadingHTTPServer((LOOPBACK, 0), _Collector)
    print(server.server_port, flush=True)
    server.serve_forever()


@contextmanager
def running_collector() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.telemetry", "collect"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        lines = iter(process.stdout or ())
        yield f"http://{LOOPBACK}:{next(lines).strip()}"
        process.terminate()


class _NoLink:
    """A link that nobody uses."""

    def report(self, progress: Progress) -> None:
        raise AssertionError(progress)

    def check(self) -> None:
        raise AssertionError

    def remember(self, checkpoint: str) -> None:
        raise AssertionError(checkpoint)

    def say(self, time: datetime, level: str, text: str) -> None:
        raise AssertionError(time, level, text)


def way_of_a_job(telemetry: Telemetry, flag: str) -> Callable[[int], None]:
    """Submits one job and answers its job message, through everything that telemetry decorates."""
    inside = MemoryQueue()
    store, queue = telemetry.store(MemoryJobStore()), telemetry.queue(inside)
    now = datetime.now(UTC)

    def handle(_task: Task, _link: Link) -> HandlerOutcome:
        return Succeeded("1")

    run = telemetry.attempt(handle)

    def work(job_message: JobMessage) -> None:
        job = job_message.job
        if job:
            claimed = transitions.claim(job, now, lease=LEASE_MARGIN, worker="bench")
            held = store.save(claimed, before=job)
            task = Task.of(held, LEASE_MARGIN, frozenset(), NO_SECRETS)
            run(task, _NoLink())
            done = transitions.succeed(held, now, "1", keep_for=LEASE_MARGIN)
            store.save(done, before=held)

    answer = telemetry.answer(work)

    def submit(environ: dict[str, Any], _: Any) -> list[bytes]:
        job = Job(
            id=environ["job"],
            type="bench.nothing",
            owner="user:bench@example.com",
            payload=msgspec.Raw(b"{}"),
            max_attempts=1,
            created_at=now,
            run_at=now,
            trace=environ["HTTP_TRACEPARENT"],
        )
        queue.dispatch([JobMessage.to(store.create(job))])
        return []

    def push(_environ: dict[str, Any], _: Any) -> list[bytes]:
        answer(JobMessage.decode(inside.take() or b""))
        return []

    api, worker = telemetry.requests(submit), telemetry.pushes(push)

    def one(number: int) -> None:
        request = {"REQUEST_METHOD": "POST", "PATH_INFO": "/v1/jobs", "wsgi.url_scheme": "http"}
        environ = {**request, "HTTP_TRACEPARENT": _TRACE + flag, "job": f"{number:032x}"}
        api(environ, lambda *_: lambda _: None)
        worker(dict(environ), lambda *_: lambda _: None)

    return one


def cpu_of_import(module: str) -> float:
    """Milliseconds of CPU of a fresh interpreter that imports it."""
    before = os.times()
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)  # noqa: S603 - ours
    after = os.times()
    children = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return children * 1000


def main() -> None:
    with running_collector() as address:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address
        settings = Settings(project="bench", telemetry=True)
        ways = {
            "off": way_of_a_job(OFF, "1"),
            "on, not sampled": way_of_a_job(telemetry_for("bench", settings), "0"),
            "on, sampled": way_of_a_job(telemetry_for("bench", settings), "1"),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        number = 0
        for _ in range(ROUNDS):
            for name, one in ways.items():
                start = time.process_time()
                for _ in range(JOBS):
                    number += 1
                    one(number)
                found[name].append((time.process_time() - start) / JOBS * 1000)
    print("| telemetry | CPU ms a job |\n|---|--:|")
    for name, values in found.items():
        print(f"| {name} | {statistics.median(values):.3f} |")
    loaded = [
        cpu_of_import("jobs.telemetry.spans") - cpu_of_import("jobs.telemetry")
        for _ in range(ROUNDS)
    ]
    print(f"\nImporting it takes {statistics.median(loaded):.0f} ms of CPU.")


if __name__ == "__main__":
    collect() if sys.argv[1:] == ["collect"] else main()
