"""Eventarc's triggers: those that the code expects, where Eventarc can deliver them."""

import json
from typing import Any

import pytest

from jobs.triggers.file import parse
from local.cloud.firestore import EVENTS
from local.triggers import DERIVED, SOURCE, rendered
from tests.infra.terraform import Terraform
from worker.authentication import EVENTS as EVENTS_PATH
from worker.authentication import TRIGGERS

KINDS = ("documents", "topics", "buckets")
EACH = """
[[trigger]]
name = "order"
document = "orders/{id}"
on = "written"
type = "http.request"
payload = {}

[[trigger]]
name = "upload"
bucket = "uploads"
on = "finalized"
prefix = "tables/"
type = "http.request"
payload = {}

[[trigger]]
name = "message"
topic = "pictures"
type = "http.request"
payload = {}
"""


def trigger(terraform: Terraform, kind: str) -> dict[str, Any]:
    return terraform.resources["google_eventarc_trigger", kind]


def test_what_terraform_reads_is_what_the_worker_reads() -> None:
    """`./dev triggers` was run after the last change of triggers.toml."""
    triggers = parse(SOURCE.read_text(encoding="utf-8"))
    assert DERIVED.read_text(encoding="utf-8") == rendered(triggers.values())


def test_what_is_written_for_terraform() -> None:
    """Each trigger's type, and the one thing that it watches."""
    assert json.loads(rendered(parse(EACH).values())) == {
        "order": {
            "type": "google.cloud.firestore.document.v1.written",
            "document": "orders/{id}",
        },
        "upload": {"type": "google.cloud.storage.object.v1.finalized", "bucket": "uploads"},
        "message": {
            "type": "google.cloud.pubsub.topic.v1.messagePublished",
            "topic": "pictures",
        },
    }


def test_dormouses_own_trigger(terraform: Terraform) -> None:
    """Dormouse's events are watched in the cloud as on this machine."""
    own = terraform.locals["on_any_document"]
    for part in (EVENTS.pattern, f"document.v1.{EVENTS.happening}", EVENTS.path, EVENTS_PATH):
        assert part in own


@pytest.mark.parametrize("kind", KINDS)
def test_each_trigger_can_call_the_worker(terraform: Terraform, kind: str) -> None:
    """It calls as the account that the door expects, which may receive and invoke."""
    body = trigger(terraform, kind)
    account = 'google_service_account.callers["eventarc"]'
    assert body["service_account"] == f"${{{account}.email}}"
    assert terraform.locals["doors"][EVENTS_PATH] == "eventarc"
    waits = body["depends_on"]
    assert "${google_cloud_run_v2_service_iam_member.callers}" in waits
    assert "${google_project_iam_member.eventarc}" in waits
    receiver = terraform.resources["google_project_iam_member", "eventarc"]
    assert receiver["role"] == "roles/eventarc.eventReceiver"
    assert receiver["member"] == f"${{{account}.member}}"


@pytest.mark.parametrize("kind", KINDS)
def test_each_trigger_calls_its_own_path(terraform: Terraform, kind: str) -> None:
    """`/triggers/NAME`, as the worker's doors have it."""
    [destination] = trigger(terraform, kind)["destination"]
    [service] = destination["cloud_run_service"]
    assert service["service"] == "${google_cloud_run_v2_service.worker.name}"
    if kind == "documents":
        assert service["path"] == "${each.value.path}"
        assert f'"{TRIGGERS}${{name}}"' in terraform.locals["on_any_document"]
    else:
        assert service["path"] == f"{TRIGGERS}${{each.key}}"


def test_each_trigger_is_where_its_source_is(terraform: Terraform) -> None:
    """A database's events can be had at its location only, and likewise a bucket's."""
    documents, topics, buckets = (trigger(terraform, kind) for kind in KINDS)
    assert documents["location"] == "${google_firestore_database.this.location_id}"
    assert documents["event_data_content_type"] == "application/protobuf"
    assert topics["location"] == "${var.region}"
    assert "data.google_storage_bucket.watched" in buckets["location"]


def test_storage_may_publish_its_events(terraform: Terraform) -> None:
    """Without the grant to Storage's own account its triggers deliver nothing."""
    grant = terraform.resources["google_project_iam_member", "storage_events"]
    assert grant["role"] == "roles/pubsub.publisher"
    waits = trigger(terraform, "buckets")["depends_on"]
    assert "${google_project_iam_member.storage_events}" in waits


def test_the_api_is_enabled(terraform: Terraform) -> None:
    """Eventarc's API is among those that Terraform enables."""
    assert '"eventarc"' in terraform.locals["apis"]
