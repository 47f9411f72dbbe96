"""CPU and memory of services, held to processes whose use is known."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.usage import Memory, Peaks, cpu_seconds, memory

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

BURN = """
import os, sys, time
if pid := os.fork():
    os.waitpid(pid, 0)
else:
    while time.process_time() < 0.3:
        pass
    os._exit(0)
held = bytearray(64 * 1024 * 1024)
held[::4096] = b"x" * len(held[::4096])
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def a_service(code: str) -> Iterator[int]:
    """Its session, once it has said that it is ready."""
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.communicate()


def test_what_a_dead_child_took_counts() -> None:
    """The CPU of a child that was reaped is its service's, and nobody else's."""
    with a_service(BURN) as burning, a_service("print('ready'); input()") as idle:
        taken = cpu_seconds({"burning": burning, "idle": idle})
    assert taken["burning"] >= 0.29
    assert taken["idle"] < taken["burning"]


def test_memory_is_what_the_service_holds() -> None:
    """Touched memory shows, both as RSS and as PSS."""
    with a_service(BURN) as session:
        held = memory({"burning": session})["burning"]
    assert held.processes == 1
    assert held.rss >= held.pss >= 64 * 1024 * 1024


def test_a_peak_stays() -> None:
    """The highest sample counts, with all its figures."""
    peaks = Peaks()
    high, low = Memory(rss=300, pss=200, processes=3), Memory(rss=400, pss=100, processes=1)
    for seen in (low, high, low):
        peaks.see({"worker": seen})
    assert peaks.by_service == {"worker": high}
