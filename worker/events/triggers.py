"""A deployment's own triggers: the job that an event starts."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jobs.dead_letters.store import DeadLetter, DeadLetterStore, Reason
from jobs.dispatch.submit import Submitter
from jobs.errors import InvalidRequest, PayloadTooLarge, UndecodableEvent
from jobs.job.order import Order
from jobs.job.spec import JobSpec
from jobs.telemetry.log import log, log_fields
from jobs.triggers.file import Triggers
from jobs.triggers.template import TemplateError, filled
from jobs.triggers.trigger import Trigger
from worker.dead_letters.message_redaction import kept_attributes, kept_data
from worker.events.cloud_events import PREFIX, CloudEvent, read_event
from worker.events.event_data import event_data


@dataclass(frozen=True, kw_only=True)
class TriggerHandler:
    """Makes one job of each event, however often the event comes.

    An event that no job can be made of is kept as a dead letter, as sending it again would not
    help; a letter is kept once.
    """

    triggers: Triggers
    submitter: Submitter
    dead_letters: DeadLetterStore
    now: Callable[[], datetime]

    def take(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        """Returns once the job, or the letter, is kept, or if the event is not for the trigger.

        Raises `StoreUnavailable`, `VersionConflict`: then the event must come again.
        """
        trigger = self.triggers[name]
        try:
            event = read_event(headers, body)
            data = event_data(trigger, event)
            if data is None:
                log_fields("trigger.skipped", trigger=name, source=event.source, id=event.id)
                return
            job_id = _id_of(name, event.source, event.id)
            order = _order(trigger, filled(trigger.payload, data), job_id)
            self._submit(order, name, event)
        except (UndecodableEvent, TemplateError, InvalidRequest, PayloadTooLarge) as error:
            self._keep(name, headers, body, str(error))

    def _submit(self, order: Order, name: str, event: CloudEvent) -> None:
        submitted = self.submitter.submit(order)
        log_fields(
            "trigger.started",
            trigger=name,
            job=submitted.job.id,
            id=event.id,
            replayed=submitted.replayed,
        )

    def _keep(self, name: str, headers: Mapping[str, str], body: bytes, why: str) -> None:
        lower = {name.lower(): value for name, value in headers.items()}
        attributes = {key: value for key, value in lower.items() if key.startswith(PREFIX)}
        named = [attributes.get(f"{PREFIX}{part}", "") for part in ("source", "id")]
        dead_letter = DeadLetter(
            id=_id_of(name, *named) if all(named) else hashlib.sha256(body).hexdigest()[:32],
            created_at=self.now(),
            reason=Reason.UNUSABLE_EVENT,
            detail=f"Trigger {name}: {why}",
            data=kept_data(body),
            attributes=kept_attributes(attributes),
        )
        self.dead_letters.add(dead_letter)
        log.error(
            "trigger %s: no job can be made of an event: letter %s: %s", name, dead_letter.id, why
        )


def _order(trigger: Trigger, payload: object, job_id: str) -> Order:
    spec = JobSpec(
        type=trigger.type,
        payload=msgspec.Raw(msgspec.json.encode(payload)),
        labels=trigger.labels,
    )
    return Order(spec=spec, owner=trigger.principal, id=job_id)


def _id_of(name: str, source: str, event_id: str) -> str:
    """The same for every delivery of an event: `source` and `id` name it (CloudEvents 1.0.2)."""
    return hashlib.sha256(f"trigger\0{name}\0{source}\0{event_id}".encode()).hexdigest()[:32]
