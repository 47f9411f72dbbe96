"""`./dev up` itself: what it says, and what it leaves behind, which is nothing."""

import json
import signal
import socket
import subprocess
from dataclasses import replace

import psutil
import pytest

from local.doctor import examine_machine
from local.ports import LOOPBACK, Ports, is_taken
from tests.e2e.conftest import ThirdParty
from tests.e2e.system import System, descendants, left_of

SECONDS = 30


@pytest.fixture(params=["emulators", "embedded"])
def started(request: pytest.FixtureRequest) -> System:
    """A system of its own, still starting."""
    if request.param == "emulators":
        request.getfixturevalue("_needs")
    return System.start(embedded=request.param == "embedded")


def test_ctrl_c_leaves_no_process(started: System) -> None:
    """After Ctrl-C none of the processes is left, nor has anybody the ports."""
    started.wait_until_ready()
    family = descendants(started.process.pid)
    assert family
    assert started.stop(signal.SIGINT) == 0
    assert left_of(family) == []
    assert not is_taken(started.ports.api)
    assert not is_taken(started.ports.firestore)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_starting_leaves_no_process(started: System, number: int) -> None:
    """SIGTERM, or a terminal that is closed, ends what has been started so far."""
    started.wait_for_line(lambda line: line.startswith("starting "))
    family = descendants(started.process.pid)
    assert started.stop(number) == 128 + number
    assert left_of(family) == []


@pytest.mark.usefixtures("_needs")
def test_a_dead_emulator_is_told_and_ends_everything() -> None:
    """If a child dies, `up` says which, shows its last lines, and fails."""
    system = System.start().wait_until_ready()
    family = descendants(system.process.pid)
    [emulator] = [one for one in family if "cloud-pubsub-emulator" in " ".join(one.cmdline())]
    emulator.kill()
    assert system.process.wait(SECONDS) == 1
    system.stop()
    assert any("pubsub ended unexpectedly, by SIGKILL" in line for line in system.lines)
    # Which of its lines come last differs: it says something of every connection.
    said = ("Server started, listening on", "Detected HTTP/2 connection")
    shown = [line for line in system.lines if line.startswith("  | ")]
    assert any(word in line for line in shown for word in said)
    assert left_of(family) == []


def test_a_taken_port_gets_one_sentence() -> None:
    """Nothing is started where a port is taken; the sentence says how to choose another."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        system = System.start(embedded=True, ports=replace(Ports.free(), api=port))
        assert system.process.wait(SECONDS) == 1
        system.stop()
    [line] = system.lines
    assert f"Port {port}" in line
    assert "--api-port" in line


def test_the_printed_command_works(system: System) -> None:
    """Pasted into another terminal, in any folder, it prints a result."""
    line = system.wait_for_line(lambda line: " run table.profile " in line)
    ran = subprocess.run(  # noqa: S602 - it is made for a shell
        line, shell=True, capture_output=True, text=True, check=False, cwd="/", timeout=SECONDS
    )
    assert ran.returncode == 0, ran
    assert json.loads(ran.stdout)["rows"] == 1


def test_the_doctor_finds_nothing_wrong_with_it(system: System) -> None:
    """`./dev doctor` examines the real thing; other tests may have left dead letters there."""
    found = {finding.id for finding in examine_machine(system.ports)}
    assert found <= {"dead-letters-waiting"}


@pytest.mark.parametrize("system", ["emulators"], indirect=True)
def test_a_killed_worker_is_replaced(system: System, third_party: ThirdParty) -> None:
    """A worker process that is killed comes back, and the job that met the gap is done."""
    [master] = [
        child
        for child in psutil.Process(system.process.pid).children()
        if "worker.main:build()" in child.cmdline()
    ]
    [worker] = [child for child in master.children() if child.cmdline() == master.cmdline()]
    worker.kill()
    done = system.finished(system.submit("http.request", {"url": third_party.url("/status/200/x")}))
    assert done["status"] == "succeeded", done
