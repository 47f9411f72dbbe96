"""`./dev doctor` on this machine, and on a local system."""

import json
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask, Response

from local import doctor
from local.cli import main
from local.doctor import examine_machine
from local.ports import LOOPBACK, Ports
from local.sdk import EmulatorsMissing
from tests.local.conftest import Serve


class System:
    """What the three services of `./dev up` answer, as far as the doctor asks."""

    def __init__(self, serve: Serve) -> None:
        self.status = "ok"
        self.dead_letters: list[object] = []
        self.queued: list[object] = []
        self.refuses = False
        self._serve = serve
        self.ports = replace(Ports.free(), api=self._serves(self._api), local=self._serves(_local))
        self.ports = replace(self.ports, worker=self._serves(_worker))

    def _serves(self, make: Callable[[], Flask]) -> int:
        return int(urlsplit(self._serve(make())).port or 0)

    def _api(self) -> Flask:
        app = Flask("api")

        @app.get("/v1/health")
        def health() -> Response:
            answer = Response(json.dumps({"status": self.status}), content_type="application/json")
            answer.status_code = 200 if self.status == "ok" else 503
            return answer

        @app.get("/v1/dead-letters")
        def dead_letters() -> tuple[dict[str, list[object]], int]:
            return {"dead_letters": self.dead_letters}, 403 if self.refuses else 200

        @app.get("/v1/jobs")
        def jobs() -> dict[str, list[object]]:
            return {"jobs": self.queued}

        return app


def _local() -> Flask:
    app = _worker()

    @app.get("/computeMetadata/v1/instance/service-accounts/<account>/identity")
    def token(account: str) -> str:
        return account

    return app


def _worker() -> Flask:
    app = Flask("service")

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    return app


@pytest.fixture
def system(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr(doctor, "find_emulators", lambda: None)
    return System(serve)


def ids(ports: Ports, *, ahead: timedelta = timedelta()) -> list[str]:
    findings = examine_machine(ports, lambda: datetime.now(UTC) + ahead)
    return [finding.id for finding in findings]


def test_nothing_is_wrong_with_a_system_that_runs(system: System) -> None:
    """Well, on time, with nothing left lying."""
    system.queued = [{"run_at": datetime.now(UTC).isoformat()}]
    assert ids(system.ports) == []


def test_each_trouble_of_a_running_system_is_found(system: System) -> None:
    """Ill health, a clock that differs, dead letters, and jobs that nobody has dispatched."""
    system.status = "degraded"
    assert ids(system.ports) == ["api-unhealthy"]
    system.status = "ok"
    assert ids(system.ports, ahead=timedelta(minutes=2)) == ["clock-skew"]
    assert ids(system.ports, ahead=timedelta(minutes=-2)) == ["clock-skew"]
    system.dead_letters = [{}]
    assert ids(system.ports) == ["dead-letters-waiting"]
    system.dead_letters = []
    system.queued = [{"run_at": (datetime.now(UTC) - timedelta(minutes=9)).isoformat()}]
    assert ids(system.ports) == ["sweep-late"]
    system.refuses = True
    assert ids(system.ports) == ["operator-refused"]
    assert ids(replace(system.ports, worker=Ports.free().worker)) == ["service-silent"]


def test_a_machine_that_could_run_it_has_no_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Emulators, and free ports."""
    monkeypatch.setattr(doctor, "find_emulators", lambda: None)
    assert ids(Ports.free()) == []


def test_a_machine_without_emulators_is_told_what_that_means(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A warning, with what to install."""

    def none() -> None:
        raise EmulatorsMissing("install them")

    monkeypatch.setattr(doctor, "find_emulators", none)
    (finding,) = examine_machine(Ports.free())
    assert finding.id == "emulators-missing"
    assert "install them" in finding.mend


def test_the_exit_status_is_one_where_a_port_is_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By somebody who is not Dormouse; the report says so to a machine too."""
    monkeypatch.setattr(doctor, "find_emulators", lambda: None)
    ports = Ports.free()
    with closing(socket.create_server((LOOPBACK, ports.worker))):
        named = [f"--{name}-port={getattr(ports, name)}" for name in ("api", "worker", "local")]
        assert main(["doctor", "--json", *named]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["id"] == "port-taken"
