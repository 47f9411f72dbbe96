"""Changes asked for from outside, whatever state the job is in by the time they arrive."""

from collections.abc import Callable

from jobs.errors import JobNotFound, VersionConflict
from jobs.model import Job
from jobs.store import JobStore

TRIES = 8


def change(store: JobStore, job: Job, transition: Callable[[Job], Job]) -> Job:
    """Apply a transition to the job as it is now, and save it.

    Where somebody else was quicker, the transition is asked again with what they left, so it is
    never applied to an outdated job. A transition that returns the job itself changes nothing.
    Raises what the transition raises, `JobNotFound`, `StoreUnavailable`, and `VersionConflict` if
    others were quicker every time.
    """
    for _ in range(TRIES):
        changed = transition(job)
        if changed is job:
            return job
        try:
            return store.save(changed, before=job)
        except VersionConflict:
            latest = store.get(job.id)
            if latest is None:
                raise JobNotFound from None
            job = latest
    raise VersionConflict
