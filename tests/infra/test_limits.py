"""Numbers that stand both in the code and in Terraform."""

import re
import runpy
from functools import partial
from typing import Any

from api.jobs.requests import MAX_WAIT_SECONDS
from api.watching.routes import LONGEST_SECONDS
from jobs.job_types import MAX_TIMEOUT
from jobs.settings.settings import Settings
from local.processes import ROOT
from tests.infra.terraform import Terraform
from worker.attempts.attempts import PUSH_LIMIT
from worker.sweep.sweep import AHEAD

PUBSUBS_LONGEST = 600


def threads(service: str) -> int:
    number: int = runpy.run_path(str(ROOT / service / "gunicorn.conf.py"))["threads"]
    return number


def default(terraform: Terraform, variable: str, field: str) -> int:
    """The default of an optional field of a variable."""
    found = re.search(rf"{field}\s*= optional\(\w+, (\d+)\)", terraform.text())
    assert found, f"{variable}.{field}"
    return int(found[1])


def service(terraform: Terraform, name: str) -> dict[str, Any]:
    template: dict[str, Any] = terraform.resources["google_cloud_run_v2_service", name]["template"][
        0
    ]
    return template


def test_an_attempt_ends_within_one_push(terraform: Terraform) -> None:
    """The longest attempt and what the worker takes besides fit the ack deadline."""
    deadline = terraform.locals["ack_deadline_seconds"]
    assert deadline == PUBSUBS_LONGEST
    assert MAX_TIMEOUT < PUSH_LIMIT
    assert PUSH_LIMIT.total_seconds() < deadline


def test_a_push_may_last_as_long_as_its_ack_deadline(terraform: Terraform) -> None:
    """Neither the subscription nor the worker's request timeout cuts an attempt short."""
    subscription = terraform.resources["google_pubsub_subscription", "jobs"]
    assert subscription["ack_deadline_seconds"] == "${local.ack_deadline_seconds}"
    assert service(terraform, "worker")["timeout"] == "${local.ack_deadline_seconds}s"


def test_the_api_may_wait_for_as_long_as_callers_ask(terraform: Terraform) -> None:
    """The longest wait leaves the API at least as long again for the rest of the request."""
    assert service(terraform, "api")["timeout"] == "${local.api_timeout_seconds}s"
    assert terraform.locals["api_timeout_seconds"] >= 2 * MAX_WAIT_SECONDS


def test_watchers_are_not_cut_off(terraform: Terraform) -> None:
    """A stream ends by itself before Cloud Run ends it."""
    assert terraform.locals["api_timeout_seconds"] >= LONGEST_SECONDS + MAX_WAIT_SECONDS


def test_watchers_leave_room_for_others(terraform: Terraform) -> None:
    """Those who watch take less than half of what an instance is sent at a time."""
    watchers = default(terraform, "limits", "max_watchers")
    assert watchers == Settings.max_watchers
    assert 2 * watchers < terraform.locals["api_concurrency"]


def test_a_probe_finds_a_thread_when_every_request_waits(terraform: Terraform) -> None:
    """Concurrency stays below gunicorn's threads, in both services."""
    for name, concurrency in (
        ("api", terraform.locals["api_concurrency"]),
        ("worker", default(terraform, "worker", "processes")),
    ):
        assert service(terraform, name)["max_instance_request_concurrency"] == (
            f"${{local.{name}_concurrency}}"
        )
        assert concurrency < threads(name)


def test_no_push_waits_for_a_process(terraform: Terraform) -> None:
    """An instance of the worker is sent as many requests as it has handler processes."""
    assert terraform.locals["worker_concurrency"] == "${var.worker.processes}"
    environment = terraform.locals["worker_environment"]
    assert environment["DORMOUSE_HANDLER_PROCESSES"] == "${tostring(var.worker.processes)}"


def test_a_handler_has_the_memory_that_it_was_measured_with(terraform: Terraform) -> None:
    """The handlers' own bounds were chosen for the code's default."""
    assert default(terraform, "worker", "handler_memory_mib") >= Settings.handler_memory_mib


def test_files_end_no_instance(terraform: Terraform) -> None:
    """All that handlers may keep in memory and in files fits beside the worker itself."""
    (template,) = terraform.resources["google_cloud_run_v2_service", "worker"]["template"]
    (volume,) = template["volumes"]
    assert volume["empty_dir"] == [{"medium": "MEMORY", "size_limit": "${var.worker.files_mib}Mi"}]
    (container,) = template["containers"]
    (mounted,) = container["volume_mounts"]
    assert container["env"] == [{"name": "TMPDIR", "value": mounted["mount_path"]}]
    of = partial(default, terraform, "worker")
    handlers = of("processes") * of("handler_memory_mib")
    assert handlers + of("files_mib") + 256 <= of("memory_mib")
    # The largest file, its table and what a sort spills, once at least.
    assert of("files_mib") >= 100 + 100 + 512


def test_a_sweep_ends_before_it_is_given_up(terraform: Terraform) -> None:
    """Each minute has its sweep, and a job's next comes when its last one has surely ended."""
    job = terraform.resources["google_cloud_scheduler_job", "sweep"]
    assert job["schedule"] == "${each.value}"
    assert terraform.locals["sweep_schedules"] == {"even": "*/2 * * * *", "odd": "1-59/2 * * * *"}
    assert job["attempt_deadline"] == "${local.sweep_deadline_seconds}s"
    assert 60 < AHEAD.total_seconds() < 120 < terraform.locals["sweep_deadline_seconds"]


def test_dead_letters_are_for_what_is_refused_for_hours(terraform: Terraform) -> None:
    """Fifty deliveries; with the longest pauses between them they last through a long outage."""
    subscription = terraform.resources["google_pubsub_subscription", "jobs"]
    policy = subscription["dead_letter_policy"][0]
    assert policy["max_delivery_attempts"] == "${local.delivery_attempts}"
    assert terraform.locals["delivery_attempts"] == 50
    assert subscription["retry_policy"][0]["maximum_backoff"] == "600s"


def test_no_subscription_expires(terraform: Terraform) -> None:
    """By default a subscription without traffic for 31 days is deleted, with its job messages."""
    subscriptions = [
        body
        for (kind, _), body in terraform.resources.items()
        if kind == "google_pubsub_subscription"
    ]
    assert len(subscriptions) == 3
    for subscription in subscriptions:
        assert subscription["expiration_policy"] == [{"ttl": ""}]
