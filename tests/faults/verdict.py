"""Holds what happened against what is promised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from tests.faults.ledger import Run
from tests.faults.watch import TERMINAL, Seen

CLOCKS_APART_SECONDS = 5.0
"""The two workers' clocks differ by this, so a lease's end is known no better."""


@dataclass(frozen=True)
class Verdict:
    """How many jobs break which promise. All are to be 0."""

    lost: int
    stuck: int
    two_live_leases: int
    finished_and_changed: int
    attempts_beyond: int
    succeeded_without_a_run: int

    @property
    def holds(self) -> bool:
        return not any(getattr(self, field.name) for field in fields(self))


def judge(
    acknowledged: Sequence[str],
    jobs: Mapping[str, Seen],
    runs: Mapping[str, Sequence[Run]],
    changed: set[str],
) -> Verdict:
    found = {job_id: jobs[job_id] for job_id in acknowledged if job_id in jobs}
    return Verdict(
        lost=len(acknowledged) - len(found),
        stuck=sum(job.status not in TERMINAL for job in found.values()),
        two_live_leases=sum(overlap(runs.get(job_id, ())) for job_id in found),
        finished_and_changed=len(changed),
        attempts_beyond=sum(
            max([job.attempt, *(run.attempt for run in runs.get(job_id, ()))]) > job.max_attempts
            for job_id, job in found.items()
        ),
        succeeded_without_a_run=sum(
            job.status == "succeeded" and not any(run.ended for run in runs.get(job_id, ()))
            for job_id, job in found.items()
        ),
    )


def overlap(runs: Sequence[Run]) -> bool:
    """Whether a run started while another one's lease was alive.

    A run that ended has no lease any more. One that was killed keeps it, unless the same attempt
    was started again: then its worker handed it back.
    """
    for earlier, later in pairwise(runs):
        if earlier.ended is not None:
            if later.started < earlier.ended:
                return True
        elif (
            later.attempt != earlier.attempt
            and later.started < earlier.lease_end - CLOCKS_APART_SECONDS
        ):
            return True
    return False
