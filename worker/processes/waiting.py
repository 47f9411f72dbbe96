"""How a thread waits for a handler, and holds the job meanwhile."""

from collections.abc import Callable

from worker.processes.run import Hold

FIRST_RENEWAL_SECONDS = 15.0
"""When the hold is first asked, which knows when its own time has come."""


def wait_and_hold(
    news: Callable[[float], object], hold: Hold, seconds: float, boot_time: Callable[[], float]
) -> bool:
    """Whether there is news within so many seconds; `news` waits for some of them at a time.

    The hold is renewed meanwhile. Raises `Cancelled` if it is lost.
    """
    until = boot_time() + seconds
    next_renewal = min(seconds, FIRST_RENEWAL_SECONDS)
    while not news(next_renewal):
        left = until - boot_time()
        if left <= 0:
            return False
        next_renewal = min(left, hold.renew())
    return True
