"""Requests and answers as they look, the answers made by the code that makes the real ones."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from api.dead_letters.resources import DeadLetterList, DeadLetterResource, Redriven
from api.jobs.batch_resources import BatchChanged, JobBatch
from api.jobs.resources import JobList, JobResource
from api.reference.schedule_examples import schedule_answers, schedule_bodies
from api.reference.schemas import Schema, unwrapped
from api.reference.webhook_examples import BODIES, webhook_answers
from api.service.dependency_health import Dependency
from api.service.health import Health
from api.service.job_type_resources import JobTypeList, JobTypeResource
from api.service.me import Me, RoleGrant
from api.watching.job_events import Place, news_of
from api.watching.server_sent_events import event
from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.job import transitions
from jobs.job.model import Job, LogLine, Progress
from jobs.job_types import JobType, Registry
from jobs.settings.roles import Role

_NOW: Final = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_SOON: Final = _NOW + timedelta(seconds=1.5)
_KEEP_FOR: Final = timedelta(days=7)
_LINE: Final = LogLine(number=1, time=_SOON, level="INFO", text="Opened the file.")
_JOB_ID: Final = "5f0c6a1e9d3b4c7f8a2e1d0b9c8f7a6e"
_LETTER_ID: Final = "12345678901234567"


@dataclass(frozen=True)
class Examples:
    """Plain JSON data by the names of the views: bodies to send, and what comes back."""

    bodies: Mapping[str, Schema]
    answers: Mapping[str, Any]


def examples_of(registry: Registry) -> Examples:
    kinds = list(registry)
    answers = _answers(kinds[0], JobTypeResource.of(kinds[0]))
    return Examples(_bodies(kinds), msgspec.json.decode(msgspec.json.encode(answers)))


def _bodies(kinds: list[JobType[Any, Any]]) -> dict[str, Schema]:
    submissions = {kind.name: {"type": kind.name, "payload": _payload(kind)} for kind in kinds}
    first = kinds[0].name
    keyed = submissions[first] | {"idempotency_key": "order-4711"}
    return {
        "submit_job": {
            kind.name: _example(unwrapped(kind.description), submissions[kind.name])
            for kind in kinds
        },
        "batch_create": {"keyed": _example("Under a key.", {"jobs": [keyed]})},
        "batch_cancel": {"type": _example("All that wait.", {"type": first})},
        "batch_retry": {"type": _example("All that failed.", {"type": first})},
        **{
            name: {"usual": _example(summary, body)}
            for name, (summary, body) in schedule_bodies(submissions[first]).items()
        },
        "redrive_dead_letters": {"all": _example("Whatever they are.", {})},
        "create_webhook": {"failed": _example("Hear of failures.", BODIES["create_webhook"])},
        "update_webhook": {"on": _example("Switch it on again.", BODIES["update_webhook"])},
    }


def _example(summary: str, value: Any) -> Schema:
    return {"summary": summary.partition("\n")[0], "value": value}


def _payload(kind: JobType[Any, Any]) -> Any:
    return msgspec.to_builtins(JobTypeResource.of(kind).example)


def _answers(kind: JobType[Any, Any], job_type: JobTypeResource) -> dict[str, Any]:
    queued = _queued(kind, job_type)
    running = transitions.report(
        transitions.claim(queued, _SOON, lease=kind.timeout, worker="dormouse-worker-00042-kez"),
        Progress(fraction=0.5, message="half-way"),
    )
    running = transitions.say(running, [_LINE])
    cancelled = transitions.cancel(queued, _SOON, keep_for=kind.keep_for)
    retried = _shown(transitions.retry(cancelled, _SOON))
    changed = BatchChanged(changed=[_JOB_ID], skipped=[], next_page_token="")
    dead_letter = DeadLetterResource.of(_letter(queued))
    well = Dependency(status="ok", latency_ms=3.2)
    return webhook_answers(queued, _NOW) | {
        "submit_job": _shown(queued),
        "get_job": _shown(running),
        "watch_job": _stream_of(running),
        "list_jobs": JobList(
            jobs=[JobResource.of(running, traceback=False).summary()], next_page_token=""
        ),
        "cancel_job": _shown(cancelled),
        "retry_job": retried,
        "batch_create": JobBatch(jobs=[_shown(queued)], replayed=[]),
        "batch_cancel": changed,
        "batch_retry": changed,
        **schedule_answers(queued),
        "run_schedule": _shown(queued),
        "get_job_type": job_type,
        "list_job_types": JobTypeList(job_types=[job_type]),
        "get_dead_letter": dead_letter,
        "list_dead_letters": DeadLetterList(dead_letters=[dead_letter], next_page_token=""),
        "redrive_dead_letter": retried,
        "redrive_dead_letters": Redriven(redriven=[_LETTER_ID], refused=[], next_page_token=""),
        "get_me": Me(
            member="user:ada@example.com",
            issuer="https://accounts.google.com",
            email="ada@example.com",
            roles=[RoleGrant(role=Role.SUBMITTER, types=["*"])],
        ),
        "get_health": Health(
            status="ok",
            revision="dormouse-api-00042-kez",
            dependencies={"store": well, "queue": well},
        ),
    }


def _shown(job: Job) -> JobResource:
    return JobResource.of(job, traceback=False)


def _stream_of(job: Job) -> str:
    done = transitions.succeed(job, _SOON, "null", keep_for=_KEEP_FOR)
    place, stream = Place(), b""
    for one in (job, done):
        for name, data, behind in news_of(one, place):
            place = behind
            stream += event(name, data, str(place))
    return stream.decode()


def _queued(kind: JobType[Any, Any], job_type: JobTypeResource) -> Job:
    job = Job(
        id=_JOB_ID,
        type=kind.name,
        owner="user:ada@example.com",
        payload=msgspec.Raw(msgspec.json.encode(job_type.example)),
        max_attempts=kind.retry.max_attempts,
        created_at=_NOW,
        run_at=_NOW,
        labels={"team": "billing"},
    )
    return transitions.dispatch(job, _NOW)


def _letter(job: Job) -> DeadLetter:
    job_message = JobMessage(job_id=job.id, version=job.version)
    return DeadLetter(
        id=_LETTER_ID,
        created_at=_SOON,
        reason=Reason.UNDELIVERED,
        detail="The worker refused it every time.",
        data=b64encode(job_message.encode()).decode(),
        deliveries=50,
        job_id=job.id,
    )
