"""Every check: a pure function from a snapshot to what is wrong in it."""

from collections.abc import Callable, Iterable
from typing import Final

from deployment.doctor.checks.callers import check_callers
from deployment.doctor.checks.clock import check_clock
from deployment.doctor.checks.database import check_database
from deployment.doctor.checks.dead_letters import check_dead_letters
from deployment.doctor.checks.deadlines import check_deadlines
from deployment.doctor.checks.documents import check_documents
from deployment.doctor.checks.doors import check_doors
from deployment.doctor.checks.events import check_events
from deployment.doctor.checks.presence import check_presence
from deployment.doctor.checks.subscriptions import check_subscriptions
from deployment.doctor.checks.sweep import check_sweep
from deployment.doctor.checks.threads import check_threads
from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Snapshot

Check = Callable[[Snapshot], Iterable[Finding]]

CHECKS: Final[tuple[Check, ...]] = (
    check_presence,
    check_doors,
    check_callers,
    check_dead_letters,
    check_subscriptions,
    check_events,
    check_deadlines,
    check_threads,
    check_database,
    check_documents,
    check_sweep,
    check_clock,
)


def examine(snapshot: Snapshot) -> list[Finding]:
    """All that is wrong, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(snapshot)]
