"""The real system, started as `./dev up` starts it, on ports that nobody has."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import psutil
import requests

from local.ports import PURPOSES, Ports, flag
from local.processes import ROOT
from local.services import url

START_SECONDS = 90.0
STOP_SECONDS = 40.0
REQUEST_SECONDS = 40.0


@dataclass
class System:
    """One run of `up`, seen from outside."""

    ports: Ports
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)
    session: requests.Session = field(default_factory=requests.Session)

    @classmethod
    def start(
        cls,
        *,
        embedded: bool = False,
        ports: Ports | None = None,
        environment: dict[str, str] | None = None,
    ) -> Self:
        ports = ports or Ports.free()
        command = [sys.executable, "-m", "local.cli", "up"]
        command += [f"{flag(name)}={getattr(ports, name)}" for name in PURPOSES]
        process = subprocess.Popen(  # noqa: S603 - ours
            [*command, "--embedded"] if embedded else command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        system = cls(ports, process)
        threading.Thread(target=system._read, daemon=True).start()
        return system

    def wait_for_line(self, wanted: Callable[[str], bool], seconds: float = START_SECONDS) -> str:
        """The first line like this; fails with all lines if there is none in time."""
        with self.changed:
            self.changed.wait_for(lambda: any(map(wanted, self.lines)) or self._ended(), seconds)
            found = next(filter(wanted, self.lines), None)
        assert found is not None, "\n".join(self.lines)
        return found

    def wait_until_ready(self) -> Self:
        self.wait_for_line("ready".__eq__)
        return self

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it by a signal. Returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(STOP_SECONDS)
        self.session.close()
        return status

    def token(self, email: str = "dev@example.com", audience: str = "dormouse-api") -> str:
        path = f"/computeMetadata/v1/instance/service-accounts/{email}/identity"
        answer = self.session.get(
            url(self.ports.local) + path,
            params={"audience": audience},
            headers={"Metadata-Flavor": "Google"},
            timeout=REQUEST_SECONDS,
        )
        answer.raise_for_status()
        return answer.text

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """A call of the API as dev@example.com."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(
            method,
            url(self.ports.api) + path,
            json=body,
            headers={"Authorization": f"Bearer {self.token()}", **named},
            timeout=REQUEST_SECONDS,
        )

    def submit(self, job_type: str, payload: Any, **more: Any) -> dict[str, Any]:
        """The job as the API answers it."""
        answer = self.call("POST", "/v1/jobs", {"type": job_type, "payload": payload, **more})
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        assert answer.headers["Location"].endswith(f"/v1/jobs/{job['id']}")
        return job

    def finished(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job once it is terminal."""
        for _ in range(4):
            answer = self.call("GET", f"/v1/jobs/{job['id']}?wait=20")
            assert answer.status_code == 200, answer.text
            job = answer.json()
            if job["finished_at"]:
                return job
        raise AssertionError(f"not finished: {job}\n" + "\n".join(self.lines))

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                with self.changed:
                    self.lines.append(line.rstrip("\n"))
                    self.changed.notify_all()
        self.process.wait()
        with self.changed:
            self.changed.notify_all()


def descendants(ancestor: int) -> list[psutil.Process]:
    """The process's children, and theirs, and so on."""
    return psutil.Process(ancestor).children(recursive=True)


def left_of(family: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; an exit status that nobody has read yet does not."""
    return [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
