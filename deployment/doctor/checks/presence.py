"""Is everything there, could it be read, and does the API call itself well?"""

from collections.abc import Iterator

from deployment.doctor.findings import Finding, Severity
from deployment.doctor.snapshot import Snapshot

APPLY = "`./dev deploy` makes it: Terraform has it."


def check_presence(snapshot: Snapshot) -> Iterator[Finding]:
    for what, why in snapshot.unread.items():
        yield Finding(
            id="not-read",
            severity=Severity.WARNING,
            what=f"{what} could not be read: {why}",
            mend="`roles/viewer` and `roles/iam.securityReviewer` on the project let you read it.",
        )
    if "services" not in snapshot.unread:
        for service in ("api", "worker"):
            if getattr(snapshot, service) is None:
                name = f"{snapshot.name}-{service}"
                yield Finding(id="service-missing", what=f"There is no service {name}.", mend=APPLY)
    if snapshot.subscriptions is not None and snapshot.job_messages is None:
        yield Finding(
            id="subscription-missing",
            what=f"There is no subscription {snapshot.name}-jobs-push: no job reaches the worker.",
            mend=APPLY,
        )
    if snapshot.health is not None and snapshot.health.status != "ok":
        yield Finding(
            id="api-unhealthy",
            what=f"The API says that it is {snapshot.health.status}.",
            mend="docs/runbook.md, section `server-errors`.",
        )
