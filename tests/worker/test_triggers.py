"""A deployment's own triggers: from an event to a job."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from jobs.dead_letters.store import Reason
from jobs.dispatch.submit import Submitter
from jobs.errors import StoreUnavailable
from jobs.job.model import Job
from jobs.job.order import MAX_PAYLOAD_BYTES
from jobs.job.store import Filter
from jobs.runtime import MACHINE
from jobs.triggers.file import parse
from local.cloud.firestore import as_eventarc
from local.processes import ROOT
from tests.factories import T0, a_registry
from tests.faulty import Fault, FaultyJobStore
from tests.worker.conftest import Harness
from worker.events.triggers import TriggerHandler

FILE = """
[[trigger]]
name = "order"
document = "orders/{id}"
on = "created"
type = "words.say"
labels = { from = "orders" }
payload = { text = "{params.id} is {data.text}", times = "{data.n}", rest = "{data}" }

[[trigger]]
name = "changed"
document = "orders/{id}"
on = "updated"
type = "words.say"
payload = { text = "{before.n} to {data.n}" }

[[trigger]]
name = "gone"
document = "orders/{id}"
on = "deleted"
type = "words.say"
payload = { text = "{data.url}" }

[[trigger]]
name = "object"
bucket = "sample-bucket"
on = "finalized"
prefix = "My"
suffix = "File"
type = "words.say"
owner = "serviceAccount:shop@example.com"
payload = { text = "gs://{data.bucket}/{data.name}" }

[[trigger]]
name = "message"
topic = "my-topic"
type = "words.say"
payload = { text = "{data.text}", rest = "{attributes}" }

[[trigger]]
name = "any-message"
topic = "my-topic"
type = "words.say"
payload = { text = "x", rest = ["{data}", "{event.id}"] }
"""


def firestore_event(happening: str) -> tuple[dict[str, str], bytes]:
    call = json.loads((ROOT / f"tests/events/firestore-{happening}.json").read_text())
    return as_eventarc(call["headers"], call["body"].encode())


def sample(name: str, /, **changes: Any) -> tuple[dict[str, str], bytes]:
    found = json.loads((ROOT / f"tests/events/{name}.json").read_text())
    return found["headers"], json.dumps(found["body"] | changes).encode()


@pytest.fixture
def starting(harness: Harness) -> TriggerHandler:
    submitter = Submitter(
        store=harness.store,
        queue=harness.queue,
        registry=a_registry(),
        now=lambda: T0,
        new_id=MACHINE.new_id,
    )
    return TriggerHandler(
        triggers=parse(FILE), submitter=submitter, dead_letters=harness.dead_letters, now=lambda: T0
    )


def jobs_of(harness: Harness) -> list[Job]:
    return harness.store.list_jobs(Filter(), 100)


def payload_of(harness: Harness) -> Any:
    [job] = jobs_of(harness)
    return msgspec.json.decode(job.payload)


def test_a_document_starts_a_job(harness: Harness, starting: TriggerHandler) -> None:
    """A job of the trigger's type is made and dispatched, owned by the trigger, with its labels."""
    starting.take("order", *firestore_event("created"))
    [job] = jobs_of(harness)
    assert (job.type, job.owner, job.labels) == (
        "words.say",
        "trigger:order",
        {"from": "orders"},
    )
    payload = payload_of(harness)
    assert payload["text"] == "o-1 is grüße"
    assert payload["times"] == 3
    assert payload["rest"]["at"] == "2026-01-02T03:04:05.678901Z"
    assert payload["rest"]["raw"] == "AP8="
    assert [job_message.job_id for job_message in harness.job_messages()] == [job.id]


def test_an_update_shows_both_sides(harness: Harness, starting: TriggerHandler) -> None:
    """`before` is the document as it was."""
    starting.take("changed", *firestore_event("updated"))
    assert payload_of(harness) == {"text": "3 to 4"}


def test_a_deleted_document_is_as_it_last_was(harness: Harness, starting: TriggerHandler) -> None:
    """`data` of a deletion is what is gone."""
    starting.take("gone", *firestore_event("deleted"))
    assert payload_of(harness) == {"text": "https://example.com/hook"}


def test_an_object_starts_a_job(harness: Harness, starting: TriggerHandler) -> None:
    """A file that lands in a bucket starts a job, owned by whom the trigger names."""
    starting.take("object", *sample("storage-finalized"))
    assert payload_of(harness) == {"text": "gs://sample-bucket/MyFile"}
    assert jobs_of(harness)[0].owner == "serviceAccount:shop@example.com"


def message(data: str, **attributes: str) -> dict[str, Any]:
    return {"message": {"data": data, "attributes": attributes, "messageId": "1"}}


def test_a_message_starts_a_job(harness: Harness, starting: TriggerHandler) -> None:
    """A message's data is JSON where it can be read as such."""
    starting.take("message", *sample("pubsub-published", **message("eyJ0ZXh0IjoiaGkifQ==", a="b")))
    assert payload_of(harness) == {"text": "hi", "rest": {"a": "b"}}


@pytest.mark.parametrize(
    ("data", "seen"),
    [("AQID/w==", "AQID/w=="), ("aGVsbG8=", "hello"), ("", ""), ("WzFd", [1])],
)
def test_any_message(harness: Harness, starting: TriggerHandler, data: str, seen: Any) -> None:
    """What is no JSON is text, and what is no text is base64."""
    starting.take("any-message", *sample("pubsub-published", **message(data)))
    assert payload_of(harness)["rest"] == [seen, "message-id"]


def test_a_redelivery_makes_no_second_job(harness: Harness, starting: TriggerHandler) -> None:
    """Source and id name an event for good, for each trigger by itself."""
    for _ in range(3):
        starting.take("order", *firestore_event("created"))
    [job] = jobs_of(harness)
    changed = parse(FILE.replace('times = "{data.n}"', "times = 7").replace("labels", "#"))
    replace(starting, triggers=changed).take("order", *firestore_event("created"))
    assert jobs_of(harness) == [job]
    headers, body = firestore_event("created")
    starting.take("order", {**headers, "ce-id": "another"}, body)
    starting.take("order", {**headers, "ce-source": "//another"}, body)
    assert len(jobs_of(harness)) == 3


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("order", firestore_event("updated")),
        ("object", sample("storage-finalized", name="Other")),
        ("object", sample("storage-finalized", name="MyFile.tmp")),
        ("object", sample("storage-finalized", bucket="other-bucket")),
        ("object", sample("pubsub-published")),
        ("message", firestore_event("created")),
    ],
)
def test_what_is_not_for_the_trigger(
    harness: Harness, starting: TriggerHandler, name: str, event: tuple[dict[str, str], bytes]
) -> None:
    """Another type, another bucket, another name: nothing happens, and no letter is kept."""
    starting.take(name, *event)
    assert jobs_of(harness) == []
    assert harness.dead_letters.list_dead_letters(10) == []


def test_another_documents_event(harness: Harness, starting: TriggerHandler) -> None:
    """An event of a path that the pattern does not match any more is passed over."""
    moved = parse(FILE.replace("orders/{id}", "invoices/{id}"))
    replace(starting, triggers=moved).take("order", *firestore_event("created"))
    assert jobs_of(harness) == []


@pytest.mark.parametrize(
    ("name", "event", "why"),
    [
        ("message", sample("pubsub-published"), "Trigger message: the event has no {data.text}"),
        ("message", sample("pubsub-published", **message("!")), "no base64"),
        ("message", sample("pubsub-published", message=7), "not of its type"),
        ("message", sample("pubsub-published", **message("eyJ0ZXh0IjogN30=")), "Expected `str`"),
        ("object", sample("storage-finalized", name=None), "not of its type"),
        ("message", ({"ce-id": "1"}, b""), "no `source`"),
        ("message", ({}, b"\xff"), "no CloudEvent's headers"),
    ],
)
def test_an_event_that_no_job_can_be_made_of(
    harness: Harness,
    starting: TriggerHandler,
    name: str,
    event: tuple[dict[str, str], bytes],
    why: str,
) -> None:
    """It is acknowledged, as it would fail for ever, and kept once where an operator sees it."""
    for _ in range(2):
        starting.take(name, *event)
    assert jobs_of(harness) == []
    [dead_letter] = harness.dead_letters.list_dead_letters(10)
    assert dead_letter.reason is Reason.UNUSABLE_EVENT
    assert why in dead_letter.detail
    assert dead_letter.attributes.items() <= event[0].items()
    assert dead_letter.job_id is None


def test_a_payload_that_is_too_large(harness: Harness, starting: TriggerHandler) -> None:
    """An event may be larger than a payload; the letter says so."""
    large = f'{{"text": "{"x" * MAX_PAYLOAD_BYTES}"}}'.encode()
    data = msgspec.json.decode(msgspec.json.encode(large))
    starting.take("message", *sample("pubsub-published", **message(data)))
    [dead_letter] = harness.dead_letters.list_dead_letters(10)
    assert "at most 262144 bytes" in dead_letter.detail


@pytest.mark.parametrize("fault", Fault)
def test_the_store_out_of_reach(starting: TriggerHandler, fault: Fault) -> None:
    """Then the event is not taken: Eventarc sends it again, and there is one job."""
    store = FaultyJobStore()
    store.fault = fault
    away = replace(starting, submitter=replace(starting.submitter, store=store))
    with pytest.raises(StoreUnavailable):
        away.take("order", *firestore_event("created"))
    away.take("order", *firestore_event("created"))
    assert len(store.list_jobs(Filter(), 100)) == 1
