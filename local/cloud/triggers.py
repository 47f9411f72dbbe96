"""A deployment's own triggers, as Eventarc holds them."""

from collections.abc import Iterable
from dataclasses import replace

from jobs.triggers.trigger import MESSAGE_PUBLISHED, Trigger
from local.cloud.firestore import EVENTS, DocumentTrigger
from local.cloud.push import Message, Subscription, envelope


def document_triggers(triggers: Iterable[Trigger]) -> list[DocumentTrigger]:
    """Those on documents, and Dormouse's own."""
    return [
        EVENTS,
        *(
            DocumentTrigger(
                name=_name(trigger),
                pattern=trigger.document,
                happening=trigger.on or "",
                path=_path(trigger),
            )
            for trigger in triggers
            if trigger.document is not None
        ),
    ]


def topic_subscriptions(triggers: Iterable[Trigger]) -> list[Subscription]:
    """Eventarc subscribes to the topic itself."""
    return [
        Subscription(name=f"eventarc-{_name(trigger)}", topic=trigger.topic, path=_path(trigger))
        for trigger in triggers
        if trigger.topic is not None
    ]


def bucket_subscriptions(triggers: Iterable[Trigger]) -> list[tuple[Trigger, Subscription]]:
    """Those on buckets, each with where its events are held."""
    names = [(trigger, f"eventarc-{_name(trigger)}") for trigger in triggers if trigger.bucket]
    return [
        (trigger, Subscription(name=name, topic=name, path=_path(trigger)))
        for trigger, name in names
    ]


def as_published(project: str, subscription: Subscription, message: Message) -> Message:
    """The event that a message becomes. Its attributes are the event's headers.

    https://github.com/googleapis/google-cloudevents, `pubsub/v1`
    """
    headers = {
        "ce-specversion": "1.0",
        "ce-id": message.id,
        "ce-type": MESSAGE_PUBLISHED,
        "ce-source": f"//pubsub.googleapis.com/projects/{project}/topics/{subscription.topic}",
        "ce-time": message.published_at.isoformat(),
        "content-type": "application/json",
    }
    return replace(message, data=envelope(project, subscription, message), attributes=headers)


def _name(trigger: Trigger) -> str:
    return f"on-{trigger.name}"


def _path(trigger: Trigger) -> str:
    return f"/triggers/{trigger.name}"
