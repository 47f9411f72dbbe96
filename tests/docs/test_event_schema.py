"""The schema of events in the documentation, held to what is sent."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from api.jobs.resources import JobResource
from jobs.events.message import JobSnapshot, job_message, webhook_message
from jobs.events.model import EventType
from jobs.events.schema import text
from jobs.job.model import Job, Status
from jobs.webhooks.model import DisabledReason
from jobs.webhooks.webhook_updates import told
from local.processes import ROOT
from tests.factories import T0, a_job, a_webhook, an_error

FILE = ROOT / "docs" / "event.schema.json"
VALIDATOR = Draft202012Validator(
    json.loads(FILE.read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def test_the_file_is_the_codes() -> None:
    """To be written anew with `python -m jobs.events.schema > docs/event.schema.json`."""
    Draft202012Validator.check_schema(VALIDATOR.schema)
    assert FILE.read_text() == text()


def _message(event_type: EventType, job: Job) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(job_message("evt_1", event_type, T0, job))
    return made


@pytest.mark.parametrize(
    ("event_type", "job"),
    [
        (EventType.JOB_SUCCEEDED, a_job(status=Status.SUCCEEDED)),
        (EventType.JOB_SUCCEEDED, a_job(status=Status.SUCCEEDED, result="null")),
        (EventType.JOB_FAILED, a_job(status=Status.FAILED, error=an_error(type=None))),
        (EventType.JOB_CANCELLED, a_job(status=Status.CANCELLED, labels={"team": "blue"})),
        (EventType.JOB_RETRYING, a_job(error=an_error())),
    ],
)
def test_messages_of_jobs_are_valid(event_type: EventType, job: Job) -> None:
    """What is told of jobs is as the schema says."""
    VALIDATOR.validate(_message(event_type, job))


@pytest.mark.parametrize("event_type", [EventType.WEBHOOK_DISABLED, EventType.WEBHOOK_TEST])
def test_messages_of_webhooks_are_valid(event_type: EventType) -> None:
    """What is told of webhooks is as the schema says, and holds no secret."""
    off = a_webhook(enabled=False, disabled_reason=DisabledReason.GONE, failing_since=T0)
    text = webhook_message("evt_1", event_type, T0, told(off))
    VALIDATOR.validate(json.loads(text))
    assert off.secrets.current not in text


def test_another_message_is_not_valid() -> None:
    """The schema refuses what was never sent."""
    message = _message(EventType.JOB_FAILED, a_job(status=Status.FAILED))
    wrongs: list[dict[str, Any]] = [{"version": 2}, {"type": "job.created"}, {"data": {}}]
    for wrong in wrongs:
        assert not VALIDATOR.is_valid(message | wrong)


def test_a_job_is_told_as_the_api_shows_it() -> None:
    """Members have the API's names, so that one type can read both."""
    own = {"result_left_out"}
    assert set(JobSnapshot.__struct_fields__) - own <= set(JobResource.__struct_fields__)
