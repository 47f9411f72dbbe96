"""CPU and memory of a service's processes, from Linux's /proc.

A service is a session and all that descends from it: handlers have sessions of their own.
https://docs.kernel.org/filesystems/proc.html
"""

import os
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_SECONDS = 0.5
_TICKS = os.sysconf("SC_CLK_TCK")
_KIB = 1024


def processes_of(sessions: Mapping[str, int]) -> Iterator[tuple[str, int, list[str]]]:
    """Service, pid, and the fields of `stat` behind the name, for every living process."""
    stats: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                stats[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
    services = {session: service for service, session in sessions.items()}
    for pid, fields in stats.items():
        if service := _service(pid, stats, services):
            yield service, pid, fields


def _service(pid: int, stats: Mapping[int, list[str]], services: Mapping[int, str]) -> str | None:
    """Of its own session, or of the nearest process above it that is in a service's."""
    while fields := stats.get(pid):
        if service := services.get(int(fields[3])):
            return service
        pid = int(fields[1])
    return None


def cpu_seconds(sessions: Mapping[str, int]) -> dict[str, float]:
    """User and system time of each service: its living processes, and those they have reaped."""
    ticks = dict.fromkeys(sessions, 0)
    for service, _, fields in processes_of(sessions):
        ticks[service] += sum(map(int, fields[11:15]))
    return {service: count / _TICKS for service, count in ticks.items()}


@dataclass(frozen=True)
class Memory:
    """In bytes. `pss` counts a page that n processes share as an nth of it in each."""

    rss: int = 0
    pss: int = 0
    processes: int = 0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.rss + other.rss, self.pss + other.pss, self.processes + other.processes)


def memory(sessions: Mapping[str, int]) -> dict[str, Memory]:
    """What each service has now."""
    found: dict[str, Memory] = defaultdict(Memory)
    for service, pid, _ in processes_of(sessions):
        with suppress(OSError):
            found[service] += memory_of(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return dict(found)


def memory_of(rollup: str) -> Memory:
    """What a process's `smaps_rollup` says."""
    fields = (line.split() for line in rollup.splitlines())
    sizes = {name: int(words[0]) * _KIB for name, *words in fields if name in ("Rss:", "Pss:")}
    return Memory(sizes.get("Rss:", 0), sizes.get("Pss:", 0), 1)


@dataclass
class Peaks:
    """The most that each service had at once, by PSS."""

    by_service: dict[str, Memory] = field(default_factory=dict)

    def see(self, now: Mapping[str, Memory]) -> None:
        for service, seen in now.items():
            if seen.pss > self.by_service.get(service, Memory()).pss:
                self.by_service[service] = seen


@contextmanager
def watching_memory(sessions: Mapping[str, int]) -> Iterator[Peaks]:
    """Looks twice a second within the block, and once at its end."""
    peaks, end = Peaks(), threading.Event()

    def look() -> None:
        while not end.wait(SAMPLE_SECONDS):
            peaks.see(memory(sessions))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        end.set()
        thread.join()
        peaks.see(memory(sessions))
