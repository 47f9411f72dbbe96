"""Ends process groups whose owner died without ending them, for instance by SIGKILL.

Runs as a process of its own. Reads `+GROUP` and `-GROUP` lines from the owner; the end of the input
is the owner's end.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.05
_KILL_SECONDS = 0.5
"""For the killed to go. Dead ones may be there for longer: init takes notice when it likes."""


def end_groups(groups: Sequence[int]) -> None:
    """Ask each group's leader to end, and kill what is left of the group after that.

    Only the leader is asked, as on Cloud Run: what it started is for it to end. It gets ten
    seconds.
    """
    for group in filter(_has_leader, groups):
        _send(os.kill, group, signal.SIGTERM)
    _wait_until(lambda: not any(map(_has_leader, groups)), GRACE_SECONDS)
    for group in groups:
        _send(os.killpg, group, signal.SIGKILL)
    _wait_until(lambda: not any(_send(os.killpg, group, 0) for group in groups), _KILL_SECONDS)


def _wait_until(done: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)


def _has_leader(group: int) -> bool:
    try:
        return os.getpgid(group) == group
    except ProcessLookupError:
        return False


def _send(send: Callable[[int, int], None], receiver: int, number: int) -> bool:
    """Whether there was somebody to receive the signal."""
    try:
        send(receiver, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS says so of a group that holds nothing but a dead process.
        return False
    return True


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        if sign == "+":
            groups.add(group)
        else:
            groups.discard(group)
    end_groups(list(groups))


if __name__ == "__main__":
    main()
