"""Runs Locust against the system, and puts what both sides saw together."""

import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.circumstances import circumstances
from bench.load.calls import Call, read_calls
from bench.load.inside import Happening, Second, happenings, is_drained, replay
from bench.load.shapes import SCENARIOS
from bench.load.system import Loaded, loaded
from bench.usage import cpu_seconds
from local.ports import LOOPBACK
from local.processes import ROOT
from local.services import url

DRAIN_SECONDS = 120
PACKAGES = ("locust", "gunicorn", "flask", "grpcio", "msgspec")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`rate` is the highest number of jobs a second. `web_port` is for Locust's own page."""

    scenario: str
    minutes: float
    rate: float
    web_port: int | None = None
    has_limits: bool = True

    @property
    def seconds(self) -> float:
        return self.minutes * 60

    @property
    def limit(self) -> int:
        """Jobs a second for each principal; 0 is no limit."""
        return round(SCENARIOS[self.scenario].limit * self.rate) if self.has_limits else 0


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `start` is in seconds since the epoch; `cpu` has CPU seconds a second."""

    circumstances: Mapping[str, str]
    scenario: str
    rate: float
    limit: int
    seconds: float
    start: float
    calls: list[Call]
    inside: list[Second]
    cpu: Mapping[str, list[float]]
    left: int


def load(plan: Plan, folder: Path) -> Findings:
    """Locust's report and statistics go to the folder. Raises `EmulatorsMissing`."""
    # As many at once as in a second, as all callers begin at once.
    limits = {
        "DORMOUSE_SUBMIT_RATE": str(plan.limit),
        "DORMOUSE_SUBMIT_BURST": str(max(1, plan.limit)),
    }
    around = circumstances(PACKAGES)
    with loaded(limits) as system:
        calls = system.grounds.logs / "calls"
        calls.touch()
        start = time.time()
        with _sampling(system.sessions) as cpu:
            _run_locust(plan, system, calls, folder)
            told = _drained(system)
        return Findings(
            circumstances=around,
            scenario=plan.scenario,
            rate=plan.rate,
            limit=plan.limit,
            seconds=plan.seconds,
            start=start,
            calls=read_calls(calls),
            inside=replay(told, start, math.ceil(time.time() - start)),
            cpu=cpu,
            left=len({one.job for one in told if one.event == "job.submitted"})
            - len({one.job for one in told if one.event in ("job.succeeded", "job.failed")}),
        )


def _run_locust(plan: Plan, system: Loaded, calls: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "locust", "--locustfile", "bench/load/locustfile.py"]
    command += ["--host", url(system.ports.api), "--cloud", url(system.ports.local)]
    command += ["--scenario", plan.scenario, "--rate", str(plan.rate), "--calls", str(calls)]
    command += ["--seconds", str(plan.seconds), "--html", str(folder / "locust.html")]
    command += ["--exit-code-on-error", "0", "--loglevel", "WARNING"]
    if plan.web_port:
        command += ["--autostart", "--autoquit", "1"]
        command += ["--web-host", LOOPBACK, "--web-port", str(plan.web_port)]
        print(f"Locust's page is at {url(plan.web_port)}.")
    else:
        command += ["--headless", "--only-summary"]
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 - ours
    if ran.returncode:
        raise RuntimeError(f"Locust ended with {ran.returncode}:\n{ran.stdout}\n{ran.stderr}")


def _drained(system: Loaded) -> list[Happening]:
    """What the logs say once every job has ended, or after a while."""
    end = time.monotonic() + DRAIN_SECONDS
    while True:
        told = [one for log in system.logs for one in happenings(log.read_bytes().splitlines())]
        if is_drained(told) or time.monotonic() > end:
            return told
        system.processes.wait(1.0)


@contextmanager
def _sampling(sessions: Mapping[str, int]) -> Iterator[dict[str, list[float]]]:
    """CPU seconds a second of each service, looked up once a second."""
    found: dict[str, list[float]] = {name: [] for name in sessions}
    end = threading.Event()

    def sample() -> None:
        before, then = cpu_seconds(sessions), time.monotonic()
        while not end.wait(1.0):
            after, now = cpu_seconds(sessions), time.monotonic()
            for name, values in found.items():
                values.append(round((after[name] - before[name]) / (now - then), 3))
            before, then = after, now

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield found
    finally:
        end.set()
        thread.join()
