"""What each process of a service is for."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bench.memory.figures import Held
from bench.usage import memory_of, processes_of

MIB = 1024 * 1024
_BY_DEPTH = ("gunicorn's arbiter", "server", "fork server and tracker", "handlers")
"""How far a process is from the one that was started."""


def held_by_role(sessions: Mapping[str, int]) -> dict[str, Held]:
    """What the processes of each role hold together."""
    parents = {pid: int(fields[1]) for _, pid, fields in processes_of(sessions)}
    found: dict[str, Held] = defaultdict(Held)
    for service, pid, _ in processes_of(sessions):
        role = f"{service}: {_BY_DEPTH[min(depth(pid, parents), len(_BY_DEPTH) - 1)]}"
        with suppress(OSError):
            held = memory_of(Path(f"/proc/{pid}/smaps_rollup").read_text())
            found[role] += Held(held.rss / MIB, held.pss / MIB, 1)
    return dict(found)


def depth(pid: int, parents: Mapping[int, int]) -> int:
    """How many of the given processes are above this one."""
    above = 0
    while (pid := parents.get(pid, 0)) in parents:
        above += 1
    return above
