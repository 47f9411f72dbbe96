"""`./dev up`: the whole system, from nothing to a job that has run."""

import shlex
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager

from local.client import LocalClient
from local.console import Console
from local.containers import IMAGE, Containers
from local.emulators import await_emulators, find_emulators, remove_containers, start_emulators
from local.log_view import is_idle, render
from local.ports import Ports, complaint, flag
from local.processes import ROOT, ChildEnded, Interrupted, Processes, TookTooLong
from local.sdk import EmulatorsMissing, Sdk
from local.services import await_services, start_embedded, start_services, url

FIRST_JOB_SECONDS = 60.0
_EMULATORS = frozenset({"firestore", "pubsub"})
_EMBEDDED_PORTS = ("api", "worker", "local")
_ALL_PORTS = (*_EMBEDDED_PORTS, "firestore", "pubsub")


class FirstJobFailed(Exception):
    """The job that is sent through before `ready` did not succeed."""


class Up:
    """One run of the local system."""

    def __init__(self, console: Console, ports: Ports) -> None:
        self._console = console
        self._ports = ports
        self._ready = False

    def run(self, *, embedded: bool) -> int:
        """Runs until it is told to end. Returns the exit status; leaves no process behind."""
        source = None if embedded else self._find_emulators()
        if wrong := complaint(self._ports, _ALL_PORTS if source else _EMBEDDED_PORTS):
            self._console.line(wrong)
            return 1
        processes = Processes(self._show)
        self._console.when_gone = processes.interrupt
        try:
            with processes.signals_end_it(), processes:
                try:
                    self._start(processes, source)
                    self._ready = True
                    processes.wait()
                except Interrupted as interrupted:
                    self._console.line(f"\n{interrupted}: stopping everything ...")
                    return 0 if self._ready else 128 + interrupted.number
        except ChildEnded as ended:
            self._explain(str(ended), ended.last_lines)
        except (TookTooLong, FirstJobFailed) as failed:
            self._explain(str(failed))
        finally:
            if source:
                remove_containers(source, self._ports)
        return 1

    def _find_emulators(self) -> Sdk | Containers | None:
        try:
            return find_emulators()
        except EmulatorsMissing as missing:
            self._console.line(f"{missing}\nNor is there a Docker that answers.")
            return None

    def _start(self, processes: Processes, source: Sdk | Containers | None) -> None:
        ports = self._ports
        if source is None:
            self._console.line(
                "Embedded mode: everything in one process, jobs in memory. NOTHING WILL BE KEPT."
            )
            with self._step("API, worker and local cloud in one process"):
                start_embedded(processes, ports)
                await_services(processes, ports)
        else:
            origin = "from Docker" if isinstance(source, Containers) else "from the Cloud SDK"
            if isinstance(source, Containers) and not source.has_image():
                self._console.line(
                    f"Docker fetches the image {IMAGE} first, once; this can take long."
                )
            with self._step(f"Firestore and Pub/Sub emulators, {origin}"):
                start_emulators(processes, source, ports)
                await_emulators(processes, source, ports)
            with self._step("worker, local cloud and API, under gunicorn"):
                start_services(processes, ports)
                await_services(processes, ports)
        with self._step("a first job, all the way through"):
            self._send_first_job(processes)
        self._greet(embedded=source is None)

    def _send_first_job(self, processes: Processes) -> None:
        client = LocalClient(url(self._ports.api), url(self._ports.local))
        payload = {"url": f"{url(self._ports.local)}/hello"}
        try:
            job = client.run("http.request", payload, FIRST_JOB_SECONDS, lambda: processes.wait(0))
        except urllib.error.HTTPError as error:
            with error:
                answer = error.read(2000).decode(errors="replace")
            raise FirstJobFailed(f"The API refused the first job: {answer}") from error
        except OSError as error:
            raise FirstJobFailed(f"The first job could not be submitted: {error}.") from error
        if job["status"] != "succeeded":
            raise FirstJobFailed(f"The first job did not succeed: {job['error'] or job['status']}.")

    def _greet(self, *, embedded: bool) -> None:
        ports, line = self._ports, self._console.line
        line()
        line(self._console.styled("ready", "bold", "green"))
        line()
        line(f"  console      {url(ports.api)}/console, one click to sign in")
        line(f"  API          {url(ports.api)}/v1/jobs, reference at {url(ports.api)}/docs")
        line(f"  worker       {url(ports.worker)}")
        line(f"  local cloud  {url(ports.local)}")
        if not embedded:
            line(f"  Firestore    {url(ports.firestore)} (emulator)")
            line(f"  Pub/Sub      {url(ports.pubsub)} (emulator)")
        line()
        line("Submit a job from another terminal, and see its result:")
        line()
        line(f"  {example(ports)}")
        line()
        line("Ctrl-C stops everything." + (" Nothing will be kept." if embedded else ""))
        line()

    def _explain(self, what: str, last_lines: tuple[str, ...] = ()) -> None:
        for last in last_lines:
            self._console.line(f"  | {last}")
        self._console.line(self._console.styled(what, "red"))
        if any("UnsupportedClassVersionError" in last for last in last_lines):
            self._console.line("This emulator needs a newer Java: install one, or set JAVA_HOME.")

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        self._console.line(f"starting {what} ...")
        start = time.monotonic()
        yield
        seconds = time.monotonic() - start
        self._console.line(f"{self._console.styled('ok', 'green')} {what}, {seconds:.1f} s")

    def _show(self, service: str, line: str) -> None:
        # What the emulators write is for their authors, unless one of them dies.
        if service not in _EMULATORS and not is_idle(line):
            self._console.line(render(service, line, colour=self._console.colour))


def example(ports: Ports) -> str:
    """A command that submits a job and prints its result, whatever folder it is pasted in."""
    words = [str(ROOT / "dev"), "run", "table.profile", '{"text": "city,people\\nBern,134591\\n"}']
    for name in ("api", "local"):
        if getattr(ports, name) != getattr(Ports(), name):
            words += [flag(name), str(getattr(ports, name))]
    return shlex.join([*words, "--wait"])
