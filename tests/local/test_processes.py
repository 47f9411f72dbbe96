"""Child processes: their end is noticed, and none outlives its owner."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue

import psutil
import pytest

from local.processes import ROOT, ChildEnded, Interrupted, Processes, TookTooLong

SECONDS = 20


def python(code: str) -> list[str]:
    return [sys.executable, "-u", "-c", code]


SLEEPER = python("import time; print('up'); time.sleep(600)")
STUBBORN = python("""
import signal, time
signal.signal(signal.SIGTERM, lambda *_: print('asked'))
print('up')
while True:
    time.sleep(600)
""")
PARENT = python("""
import subprocess, time
child = subprocess.Popen(['sleep', '600'])
print(child.pid)
time.sleep(600)
""")


class Shown:
    """What the children wrote."""

    def __init__(self) -> None:
        self.lines: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def __call__(self, name: str, line: str) -> None:
        self.lines.put((name, line))

    def next(self) -> str:
        return self.lines.get(timeout=SECONDS)[1]


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def processes(shown: Shown) -> Iterator[Processes]:
    with Processes(shown) as processes:
        yield processes


def gone(process: int) -> bool:
    """Whether nothing of the process is left but perhaps its exit status."""
    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_an_early_end_is_told_with_the_last_lines(processes: Processes) -> None:
    """Who waits learns which child ended, how, and what it last said."""
    processes.start("short", python("print('one'); print('two'); exit(3)"))
    with pytest.raises(ChildEnded, match="short ended unexpectedly, with status 3") as told:
        processes.wait(SECONDS)
    assert told.value.last_lines == ("one", "two")


def test_a_killed_child_is_told(processes: Processes, shown: Shown) -> None:
    """The signal that ended a child is named."""
    child = processes.start("killed", SLEEPER)
    assert shown.next() == "up"
    child.process.kill()
    with pytest.raises(ChildEnded, match="killed ended unexpectedly, by SIGKILL"):
        processes.wait(SECONDS)


def test_waiting_for_a_condition_ends(processes: Processes) -> None:
    """A condition that holds is seen; one that never does is given up."""
    processes.wait_until(lambda: True, "this", SECONDS)
    with pytest.raises(TookTooLong, match="that did not answer within 0 s"):
        processes.wait_until(lambda: False, "that", 0)


def test_a_signal_ends_the_waiting(shown: Shown) -> None:
    """SIGTERM, SIGINT and SIGHUP make who waits stop, and handlers are put back afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    processes = Processes(shown)
    with processes.signals_end_it(), processes:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            threading.Timer(0, os.kill, (os.getpid(), number)).start()
            with pytest.raises(Interrupted) as interrupted:
                processes.wait(SECONDS)
            assert interrupted.value.number == number
    assert signal.getsignal(signal.SIGTERM) is before


def test_nothing_is_left_of_a_family(shown: Shown) -> None:
    """What a child has started ends with it."""
    with Processes(shown) as processes:
        parent = processes.start("parent", PARENT)
        grandchild = int(shown.next())
    assert gone(parent.process.pid)
    assert gone(grandchild)


def test_a_child_is_asked_before_it_is_killed(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that does not end when it is asked is killed after its grace."""
    monkeypatch.setattr("local.guard.GRACE_SECONDS", 0.5)
    with Processes(shown) as processes:
        child = processes.start("stubborn", STUBBORN)
        assert shown.next() == "up"
    assert shown.next() == "asked"
    assert gone(child.process.pid)


def test_those_that_outlive_others_end_last(shown: Shown) -> None:
    """The emulators are still there while the services end."""
    says = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('{0}')));"
    command = says + "print('up'); signal.pause()"
    with Processes(shown) as processes:
        processes.start("first", python(command.format("first")))
        assert shown.next() == "up"
        processes.start("last", python(command.format("last")), outlives_others=True)
        assert shown.next() == "up"
    assert [shown.next(), shown.next()] == ["first", "last"]


def test_children_end_with_a_killed_owner() -> None:
    """An owner that is killed outright leaves no child: its guard sees to that."""
    owner_code = (
        "from local.processes import Processes\n"
        "with Processes(lambda name, line: print(line, flush=True)) as processes:\n"
        f"    processes.start('parent', {PARENT!r})\n"
        "    processes.wait()\n"
    )
    owner = subprocess.Popen(python(owner_code), cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    assert owner.stdout
    grandchild = int(owner.stdout.readline())
    owner.kill()
    owner.wait(SECONDS)
    owner.stdout.close()
    until = time.monotonic() + SECONDS
    while not gone(grandchild):
        assert time.monotonic() < until
        time.sleep(0.02)
