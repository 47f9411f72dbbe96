"""Do subscriptions stay, and do those that should push, push?"""

from collections.abc import Iterator

from deployment.doctor.findings import Finding, Severity
from deployment.doctor.snapshot import Snapshot


def check_subscriptions(snapshot: Snapshot) -> Iterator[Finding]:
    for one in snapshot.subscriptions or ():
        if one.expires:
            yield Finding(
                id="subscription-expires",
                severity=Severity.WARNING,
                what=f"{one.name} is deleted, with what is in it, when nobody uses it for a while.",
                mend=f"`gcloud pubsub subscriptions update {one.name}"
                f" --project={snapshot.project} --expiration-period=never`",
            )
        if one.push is None:
            yield Finding(
                id="subscription-pulls",
                what=f"{one.name} has no push endpoint: what it gets stays there.",
                mend="`./dev deploy` sets it right: Terraform has it.",
            )
