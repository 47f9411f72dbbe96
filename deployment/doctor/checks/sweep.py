"""Does the sweep come every minute?"""

from collections.abc import Iterator
from datetime import timedelta

from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Snapshot

LATE = timedelta(minutes=4)
"""A sweep comes every minute and is logged when it ends, up to 70 seconds later."""
PATH = "/sweep"


def check_sweep(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.scheduled is not None:
        sweeps = [one for one in snapshot.scheduled if one.call.endpoint.endswith(PATH)]
        for one in sweeps:
            if one.paused:
                yield Finding(
                    id="sweep-paused",
                    what=f"{one.call.name} is paused: half of the sweeps, or all, don't come.",
                    mend=f"`gcloud scheduler jobs resume {one.call.name}"
                    f" --project={snapshot.project} --location={snapshot.region}`",
                )
        if len(sweeps) < 2:  # noqa: PLR2004 - they take turns
            yield Finding(
                id="sweep-unscheduled",
                what=f"{len(sweeps)} of the two Scheduler jobs that call the sweep are there.",
                mend="`./dev deploy` makes them: Terraform has them.",
            )
    if "logs" in snapshot.unread:
        return
    if snapshot.last_sweep is None or snapshot.now - snapshot.last_sweep > LATE:
        last = f"was at {snapshot.last_sweep:%H:%M:%S}" if snapshot.last_sweep else "is not known"
        yield Finding(
            id="sweep-late",
            what=f"The last sweep {last}: delayed jobs, retries and lost job messages wait.",
            mend="docs/runbook.md, section `sweep-missing`.",
        )
