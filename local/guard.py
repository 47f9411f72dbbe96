"""Ends process groups whose owner died without ending them, for instance by SIGKILL.

Runs as a process of its own. Reads `+GROUP` and `-GROUP` lines from the owner; the end of the input
is the owner's end.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

GRACE_SECONDS = 10.0
_POLL_SECONDS = 0.05
_REAP_SECONDS = 2.0


def end_groups(groups: Iterable[int]) -> None:
    """Ask each group's leader to end, and kill what is left of the group after that.

    Only the leader is asked, as on Cloud Run: what it started is for it to end. It gets ten
    seconds.
    """
    left = [group for group in groups if _is_there(group)]
    for group in left:
        _send(os.kill, group, signal.SIGTERM)
    until = time.monotonic() + GRACE_SECONDS
    while left:
        time.sleep(_POLL_SECONDS)
        for group in left:
            if time.monotonic() > until or not _send(os.kill, group, 0):
                _send(os.killpg, group, signal.SIGKILL)
        left = [group for group in left if _is_there(group)]
        if time.monotonic() > until + _REAP_SECONDS:
            # Nothing but dead processes whose parent does not take notice.
            return


def _is_there(group: int) -> bool:
    return _send(os.killpg, group, 0)


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
    end_groups(groups)


if __name__ == "__main__":
    main()
