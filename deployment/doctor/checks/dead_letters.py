"""Does what is refused every time arrive at the dead letters, and is anything waiting there?"""

from collections.abc import Iterator

from deployment.doctor.findings import Finding, Severity
from deployment.doctor.snapshot import Snapshot, Subscription

FEWEST_ATTEMPTS = 50
"""Refusals by the platform count as deliveries too: decision in infra/limits.tf."""


def check_dead_letters(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.dead_letters:
        yield Finding(
            id="dead-letters-waiting",
            severity=Severity.WARNING,
            what=f"{snapshot.dead_letters} dead letters wait for an operator.",
            mend="docs/runbook.md, section `dead-letters`: look at `GET /v1/dead-letters`, mend the"
            " cause, redrive or delete them.",
        )
    jobs = snapshot.job_messages
    if not jobs:
        return
    if not jobs.dead_letter_topic:
        yield Finding(
            id="dead-letter-policy-missing",
            what=f"{jobs.name} has no dead-letter policy: what is refused goes round for days.",
            mend=f"`gcloud pubsub subscriptions update {jobs.name} --project={snapshot.project}"
            f" --dead-letter-topic={snapshot.name}-dead-letters"
            f" --max-delivery-attempts={FEWEST_ATTEMPTS}`",
        )
        return
    yield from _check_policy(snapshot, jobs, jobs.dead_letter_topic)


def _check_policy(snapshot: Snapshot, jobs: Subscription, topic: str) -> Iterator[Finding]:
    agent, project = snapshot.pubsub_agent, snapshot.project
    if jobs.delivery_attempts < FEWEST_ATTEMPTS:
        yield Finding(
            id="delivery-attempts-few",
            what=f"{jobs.name} gives up after {jobs.delivery_attempts} deliveries: while the"
            " worker starts from nothing, healthy job messages become dead letters.",
            mend=f"`gcloud pubsub subscriptions update {jobs.name} --project={project}"
            f" --max-delivery-attempts={FEWEST_ATTEMPTS}`",
        )
    publishers = snapshot.publishers.get(topic)
    if publishers is not None and agent not in publishers:
        yield Finding(
            id="dead-letter-publisher-missing",
            what=f"Pub/Sub itself may not publish to {topic}: dead letters go nowhere.",
            mend=f"`gcloud pubsub topics add-iam-policy-binding {topic} --project={project}"
            f" --member={agent} --role=roles/pubsub.publisher`",
        )
    if jobs.subscribers is not None and agent not in jobs.subscribers:
        yield Finding(
            id="dead-letter-subscriber-missing",
            what=f"Pub/Sub itself may not take messages off {jobs.name}: they stay there.",
            mend=f"`gcloud pubsub subscriptions add-iam-policy-binding {jobs.name}"
            f" --project={project} --member={agent} --role=roles/pubsub.subscriber`",
        )
    if not any(one.topic == topic for one in snapshot.subscriptions or ()):
        yield Finding(
            id="dead-letter-topic-unsubscribed",
            what=f"Nobody subscribes to {topic}: dead letters are lost.",
            mend="`./dev deploy` makes the subscription: Terraform has it.",
        )
