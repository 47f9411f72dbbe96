"""Names that stand both in the code and in Terraform: paths, accounts, settings, topics."""

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Literal

import pytest
from opentelemetry.sdk.environment_variables import (
    _OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER,
)

from jobs.settings.settings import Settings
from jobs.triggers.file import OWN_COLLECTIONS
from local.cloud.push import subscriptions
from tests.infra.terraform import INFRA, Terraform
from worker.authentication import OPEN, accounts

VALUES = {
    "GOOGLE_CLOUD_PROJECT": "p",
    "DORMOUSE_DATABASE": "(default)",
    "DORMOUSE_TOPIC": "dormouse-jobs",
    "DORMOUSE_EVENTS_TOPIC": "dormouse-events",
    "DORMOUSE_WEBHOOK_CACHE_SECONDS": "60",
    "DORMOUSE_API_AUDIENCES": "https://dormouse-api-1.us-central1.run.app",
    "DORMOUSE_CONSOLE_CLIENT_ID": "",
    "DORMOUSE_ROLES": '[{"role":"submitter","members":["serviceAccount:build@p.iam.example.com"]}]',
    "DORMOUSE_FIREBASE_PROJECT": "",
    "DORMOUSE_CORS_ORIGINS": "",
    "DORMOUSE_WORKER_AUDIENCE": "https://dormouse-worker-1.us-central1.run.app",
    "DORMOUSE_PUSH_ACCOUNT": "dormouse-push@p.iam.example.com",
    "DORMOUSE_SCHEDULER_ACCOUNT": "dormouse-scheduler@p.iam.example.com",
    "DORMOUSE_EVENTARC_ACCOUNT": "dormouse-eventarc@p.iam.example.com",
    "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN": "true",
    "K_SERVICE": "dormouse-worker",
    "DORMOUSE_SECRETS": "",
    "DORMOUSE_BUCKETS": "",
    "DORMOUSE_SUBMIT_RATE": "100",
    "DORMOUSE_SUBMIT_BURST": "1000",
    "DORMOUSE_MAX_OPEN_JOBS": "0",
    "DORMOUSE_MAX_WATCHERS": "32",
    "DORMOUSE_ALLOWED_HOSTS": "",
    "DORMOUSE_HANDLER_PROCESSES": "6",
    "DORMOUSE_HANDLER_MEMORY_MIB": "512",
}
"""What Terraform gives each variable, in a deployment of the defaults."""

NOT_TERRAFORMS = {
    "K_REVISION",  # Cloud Run's own, as is the next
    "K_SERVICE",
    "DORMOUSE_GATEWAY_ACCOUNT",  # for a gateway that Terraform does not make
    "FIRESTORE_EMULATOR_HOST",  # the next three are for a machine of one's own
    "PUBSUB_EMULATOR_HOST",
    "DORMOUSE_CERTIFICATES_URL",
    "STORAGE_EMULATOR_HOST",
    "DORMOUSE_SIGN_IN_URL",
    "DORMOUSE_CONSOLE_CLIENT_SECRET",  # a secret, which stands apart from the plain ones
    "GCE_METADATA_HOST",  # Google's own
    "DORMOUSE_HANDLERS",  # the image's, as is the next
    "DORMOUSE_TRIGGERS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",  # what begins so is `telemetry_environment`
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_SDK_DISABLED",
    "DORMOUSE_SECRETS_FOLDER",  # the default is where Terraform mounts them
}
"""What the services read and a deployment leaves alone."""


class Environment(Mapping[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(name)
        return self._values.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@pytest.mark.parametrize("service", ["api", "worker"])
def test_each_service_starts_with_what_terraform_sets(
    terraform: Terraform, service: Literal["api", "worker"]
) -> None:
    """Every setting that a service needs is set, and every one that is set is read."""
    names = terraform.locals[f"{service}_environment"]
    # Cloud Run sets K_SERVICE itself.
    environment = Environment({name: VALUES[name] for name in (*names, "K_SERVICE")})
    Settings.from_environment(service, environment)
    assert environment.asked >= set(names)


def test_a_setting_is_left_out_on_purpose_only(terraform: Terraform) -> None:
    """What the services can be told and Terraform tells neither is listed here."""
    everything = Environment(VALUES)
    Settings.from_environment("worker", everything)
    said = {*terraform.locals["api_environment"], *terraform.locals["worker_environment"]}
    assert everything.asked - said == NOT_TERRAFORMS


def test_cloud_trace_is_a_collector_that_the_services_take(terraform: Terraform) -> None:
    """What Terraform sets for Cloud Trace turns telemetry on, with the exporter's Google login."""
    said = terraform.locals["cloud_trace_environment"]
    assert Settings.from_environment("worker", VALUES | said).telemetry
    login = "OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER"
    assert login == _OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER
    group = "opentelemetry_otlp_credential_provider"
    assert [one.name for one in entry_points(group=group, name=said[login])] == [said[login]]


def test_each_door_of_the_worker_has_its_caller(terraform: Terraform) -> None:
    """Paths and accounts are those of `worker/authentication.py`."""
    settings = Settings(
        project="p", push_account="push", scheduler_account="scheduler", eventarc_account="eventarc"
    )
    assert terraform.locals["doors"] == accounts(settings)


def test_a_token_for_each_door_is_accepted_by_cloud_run(terraform: Terraform) -> None:
    """The worker's audiences are its URL and, with it, each path, as the application asks for."""
    worker = terraform.resources["google_cloud_run_v2_service", "worker"]
    paths = '[for path in keys(local.doors) : "${local.worker_url}${path}"]'
    assert worker["custom_audiences"] == f"${{concat([local.worker_url], {paths})}}"
    environment = terraform.locals["worker_environment"]
    assert environment["DORMOUSE_WORKER_AUDIENCE"] == "${local.worker_url}"


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (("google_pubsub_subscription", "jobs"), "/jobs"),
        (("google_pubsub_subscription", "dead_letters"), "/dead-letters"),
        (("google_cloud_scheduler_job", "sweep"), "/sweep"),
    ],
)
def test_each_caller_knocks_at_its_own_door(
    terraform: Terraform, resource: tuple[str, str], path: str
) -> None:
    """Address, audience and account belong to one path."""
    body = terraform.resources[resource]
    call = (body.get("push_config") or body["http_target"])[0]
    assert call.get("push_endpoint", call.get("uri")) == (
        f"${{google_cloud_run_v2_service.worker.uri}}{path}"
    )
    token = call["oidc_token"][0]
    assert token["audience"] == f"${{local.worker_url}}{path}"
    assert token["service_account_email"] == (
        f'${{google_service_account.callers[local.doors["{path}"]].email}}'
    )


@pytest.mark.parametrize("service", ["api", "worker"])
def test_probes_ask_where_the_service_answers(terraform: Terraform, service: str) -> None:
    """Startup and liveness ask the one path that is open to them."""
    template = terraform.resources["google_cloud_run_v2_service", service]["template"][0]
    container = template["containers"][0]
    for probe in ("startup_probe", "liveness_probe"):
        assert container[probe][0]["http_get"] == [{"path": "/livez"}]
    assert "/livez" in OPEN


def test_topics_are_named_as_on_this_machine(terraform: Terraform) -> None:
    """A deployment and the local cloud use the same names."""
    named = {
        body["name"].replace("${var.name}", "dormouse")
        for (kind, _), body in terraform.resources.items()
        if kind in {"google_pubsub_topic", "google_pubsub_subscription"}
    }
    local = {name for one in subscriptions(Settings.topic) for name in (one.name, one.topic)}
    assert terraform.variables["name"]["default"] == "dormouse"
    # Who listens to the events is the deployment's affair.
    assert named == local | {"dormouse-events", "dormouse-events-history"}


def test_collections_are_the_stores() -> None:
    """The index list speaks of the collections that the stores write to."""
    listed = json.loads((INFRA / "firestore-indexes.json").read_text())
    assert {index["collection"] for index in listed["indexes"]} <= OWN_COLLECTIONS
    assert set(listed["unindexed"]) == OWN_COLLECTIONS
