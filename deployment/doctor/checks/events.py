"""Do Firestore's events reach the worker? A trigger without a right looks active all the same."""

from collections.abc import Iterator

from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Snapshot
from worker.authentication import EVENTS

APPLY = "`./dev deploy` sets it right: Terraform has it."
ACCOUNT = "DORMOUSE_EVENTARC_ACCOUNT"


def check_events(snapshot: Snapshot) -> Iterator[Finding]:
    worker = snapshot.worker
    account = worker.environment.get(ACCOUNT, "") if worker else ""
    if not account:
        return
    if snapshot.triggers is not None:
        if not any(one.path == EVENTS for one in snapshot.triggers):
            yield Finding(
                id="trigger-missing",
                what=f"No Eventarc trigger calls {EVENTS}: webhooks are told a minute late.",
                mend=APPLY,
            )
        for one in snapshot.triggers:
            if one.account != account:
                yield Finding(
                    id="trigger-caller-differs",
                    what=f"{one.name} calls as {one.account}; the worker takes {account} only.",
                    mend=APPLY,
                )
            for what, why in one.conditions.items():
                yield Finding(id="trigger-ill", what=f"{one.name}: {what}: {why}", mend=APPLY)
    receivers = snapshot.event_receivers
    if receivers is not None and f"serviceAccount:{account}" not in receivers:
        yield Finding(
            id="event-receiver-missing",
            what=f"{account} may not receive events: triggers look active and deliver nothing.",
            mend=f"`gcloud projects add-iam-policy-binding {snapshot.project}"
            f" --project={snapshot.project} --member=serviceAccount:{account}"
            " --role=roles/eventarc.eventReceiver`",
        )
