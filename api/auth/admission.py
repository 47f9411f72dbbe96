"""Who may send a body at all: asked before it is read, whatever it says."""

from api.auth.callers import caller
from api.dependencies import deps


def submitters() -> None:
    """Who may submit jobs of some type, and has not used its rate up.

    Raises `PermissionDenied`, `RateLimited`.
    """
    caller().check_submits()
    deps().submit_rate.check(caller().member)


def changers() -> None:
    """Who may change jobs or schedules of some type. Raises `PermissionDenied`, `RateLimited`."""
    caller().check_changes()
    deps().submit_rate.check(caller().member)


def webhook_owners() -> None:
    """Raises `PermissionDenied`."""
    caller().check_own_webhooks()


def operators() -> None:
    """Raises `PermissionDenied`."""
    caller().check_operator()
