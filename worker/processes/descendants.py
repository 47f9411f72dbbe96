"""Ends whatever a handler's process has started, however far that went to hide."""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ROUNDS = 10
"""Between a look and a kill another process may be started; soon there is none left to start it."""


@dataclass(frozen=True)
class _Running:
    """A process that has not ended. proc_pid_stat(5)."""

    parent: int
    session: int


def kill_descendants(leader: int) -> None:
    """SIGKILL for all that descends from this session's leader, and for the rest of its session.

    Call it before the leader itself is killed: it is the reaper of all that it started (prctl(2),
    PR_SET_CHILD_SUBREAPER), so a descendant in a session of its own is still found. Without Linux's
    /proc only the leader's group is known, and the leader ends with it.
    """
    if sys.platform != "linux":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
        return
    for _ in range(_ROUNDS):
        found = descendants(leader)
        kill_each(found)
        if not found:
            return


def kill_each(processes: Iterable[int]) -> None:
    for one in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(one, signal.SIGKILL)


def descendants(leader: int) -> set[int]:
    """All that descends from it or is in its session, without itself. Empty but on Linux."""
    if sys.platform != "linux":
        return set()
    running = _running()
    found = {leader, *(pid for pid, one in running.items() if one.session == leader)}
    while more := {pid for pid, one in running.items() if one.parent in found} - found:
        found |= more
    return found - {leader}


def _running() -> dict[int, _Running]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                state, parent, _, session = stat[:4]
                if state not in "ZX":
                    found[int(folder.name)] = _Running(int(parent), int(session))
    return found
