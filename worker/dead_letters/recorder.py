"""Messages that Pub/Sub gave up on: made visible, and their jobs ended.

https://cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.dead_letters.store import DeadLetter, DeadLetterStore, Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import JobNotFound, TransitionRefused, UndecodableMessage
from jobs.job import transitions
from jobs.job.change import change
from jobs.job.model import UNDELIVERED, Job, JobError
from jobs.job.store import JobStore
from jobs.job_types import Registry
from jobs.telemetry.log import log_event, log_fields
from worker.dead_letters.message_redaction import kept_attributes, kept_data
from worker.envelope import Envelope, Message

DELIVERIES = "CloudPubSubDeadLetterSourceDeliveryCount"


@dataclass(frozen=True, kw_only=True)
class DeadLetterRecorder:
    """Takes in dead letters. Safe to repeat: a letter is kept once, a job is ended once."""

    store: JobStore
    dead_letters: DeadLetterStore
    registry: Registry
    now: Callable[[], datetime]

    def take_in(self, envelope: Envelope) -> None:
        """Keep the letter, and fail the job that it names if nobody else will ever run it.

        Raises `StoreUnavailable`: then the letter must come again.
        """
        if not envelope.message.message_id:
            raise UndecodableMessage("The message has no id.")
        dead_letter = self._letter(envelope.message)
        self.dead_letters.add(dead_letter)
        log_fields(
            "dead_letter.kept", id=dead_letter.id, job=dead_letter.job_id, reason=dead_letter.reason
        )
        if dead_letter.job_id and (job := self.store.get(dead_letter.job_id)):
            self._give_up(job, dead_letter)

    def _letter(self, message: Message) -> DeadLetter:
        deliveries = message.attributes.get(DELIVERIES, "")
        try:
            job_id = JobMessage.decode(message.data).job_id
            reason, detail = Reason.UNDELIVERED, "The worker refused it every time."
        except UndecodableMessage as error:
            job_id = None
            reason, detail = Reason.UNDECODABLE, str(error)
        return DeadLetter(
            id=message.message_id,
            created_at=self.now(),
            reason=reason,
            detail=detail,
            data=kept_data(message.data),
            attributes=kept_attributes(message.attributes),
            deliveries=int(deliveries) if deliveries.isdecimal() else 0,
            job_id=job_id,
        )

    def _give_up(self, job: Job, dead_letter: DeadLetter) -> None:
        error = JobError(
            code=UNDELIVERED,
            message=f"The job could not be delivered to a worker. Dead letter {dead_letter.id}.",
        )
        keep_for = self.registry.keep_for(job.type)

        def given_up(job: Job) -> Job:
            now = self.now()
            if transitions.lease_ended(job, now):
                job = transitions.lose_lease(job, now, keep_for=keep_for)
            if job.is_terminal or job.run_at > now:
                return job
            return transitions.give_up(job, now, error, keep_for=keep_for)

        try:
            ended = change(self.store, job, given_up)
        except (JobNotFound, TransitionRefused):
            # Somebody holds the job, or it is gone: the letter is old news.
            return
        if ended.error == error:
            log_event("job.failed", ended, code=error.code)
