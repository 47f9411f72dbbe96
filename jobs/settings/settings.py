"""What a deployment decides: read once, at start, from the environment; refused if wrong."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from jobs.errors import SettingsError
from jobs.payloads.buckets import Buckets
from jobs.payloads.secret_bindings import NO_SECRETS, SecretBindings
from jobs.settings.roles import Binding
from jobs.settings.variables import Variables, words_of

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that both services may know of their deployment."""

    project: str
    database: str = "(default)"
    topic: str = "dormouse-jobs"
    events_topic: str = ""
    """Where the ends of all jobs are published, if anywhere."""
    webhook_cache_seconds: int = 60
    """How often a process looks for webhooks that were made or changed elsewhere."""
    firestore_emulator: str | None = None
    pubsub_emulator: str | None = None
    certificates_url: str = GOOGLE_CERTIFICATES
    """Gives the certificates of whoever signs the tokens."""
    revision: str = "local"
    service: str = ""
    """The name that Cloud Run knows the service by, if it runs there."""

    api_audiences: tuple[str, ...] = ()
    """What a caller's token may be made for."""
    roles: tuple[Binding, ...] = ()
    firebase_project: str = ""
    """Whose end users may call, beside Google identities."""
    gateway_account: str = ""
    """What an API Gateway calls as that verifies callers itself."""
    console_client_id: str = ""
    """The OAuth web client by which people sign in to the console; none switches it off."""
    console_client_secret: str = ""
    sign_in_urls: tuple[str, ...] = ()
    """Where the local cloud has Google's page to sign in, for browsers and then for the API."""
    cors_origins: frozenset[str] = frozenset()
    """Whose web pages may call."""
    submit_rate: int = 0
    """Jobs a second that a principal may submit; 0 is no limit."""
    submit_burst: int = 1000
    """Jobs that a principal may submit at once."""
    max_open_jobs: int = 0
    """Jobs that are not terminal that a principal may have; 0 is no limit."""
    max_watchers: int = 32
    """Who may watch jobs at one instance of the API at a time."""

    worker_audience: str = ""
    """A token for the worker must be made for this, followed by the path that it is sent to."""
    push_account: str = ""
    scheduler_account: str = ""
    eventarc_account: str = ""
    signature_checked_by_cloud_run: bool = False
    """Whether the worker may take tokens whose signature Cloud Run removed."""
    handlers: str = "handlers"
    """The module whose `REGISTRY` holds the job types."""
    triggers: str = "triggers.toml"
    """The file that says which events start jobs."""
    processes: int = 8
    """Handlers that a worker runs at once."""
    handler_memory_mib: int = 512
    """What each of them may have."""
    allowed_hosts: frozenset[str] = frozenset()
    """`host:port` pairs that outbound calls may reach although they are not public."""
    secrets: SecretBindings = NO_SECRETS
    """The names that payloads may refer to."""
    secrets_folder: str = "/secrets"
    """Where the worker finds their values."""
    buckets: frozenset[str] = frozenset()
    """Those of Cloud Storage that jobs may read files from."""
    storage_emulator: str = ""
    metadata_host: str = Buckets.metadata_host

    telemetry: bool = False
    """Whether spans are sent to a collector."""
    telemetry_seconds: int = 1
    """How long the collector may take to answer."""

    @property
    def storage(self) -> Buckets:
        """What a handler may read of Cloud Storage, and by whom."""
        return Buckets(
            names=self.buckets, emulator=self.storage_emulator, metadata_host=self.metadata_host
        )

    @classmethod
    def from_environment(
        cls, service: Literal["api", "worker"], environment: Mapping[str, str] = os.environ
    ) -> "Settings":
        """Raises `SettingsError`, which names the variable and what it should be."""
        read = Variables(environment)
        _refuse_stand_ins(read)
        mine = read.required if service == "api" else read.optional
        workers = read.required if service == "worker" else read.optional
        return cls(
            project=read.required("GOOGLE_CLOUD_PROJECT"),
            database=read.optional("DORMOUSE_DATABASE") or cls.database,
            topic=read.optional("DORMOUSE_TOPIC") or cls.topic,
            events_topic=read.optional("DORMOUSE_EVENTS_TOPIC"),
            webhook_cache_seconds=read.number(
                "DORMOUSE_WEBHOOK_CACHE_SECONDS", cls.webhook_cache_seconds, at_least=0
            ),
            firestore_emulator=read.optional("FIRESTORE_EMULATOR_HOST") or None,
            pubsub_emulator=read.optional("PUBSUB_EMULATOR_HOST") or None,
            certificates_url=read.optional("DORMOUSE_CERTIFICATES_URL") or cls.certificates_url,
            revision=read.optional("K_REVISION") or cls.revision,
            api_audiences=(
                *words_of(mine("DORMOUSE_API_AUDIENCES")),
                *words_of(read.optional("DORMOUSE_CONSOLE_CLIENT_ID")),
            ),
            roles=_bindings(read.optional("DORMOUSE_ROLES")),
            firebase_project=read.optional("DORMOUSE_FIREBASE_PROJECT"),
            gateway_account=read.optional("DORMOUSE_GATEWAY_ACCOUNT"),
            **_console(read),
            cors_origins=frozenset(words_of(read.optional("DORMOUSE_CORS_ORIGINS"))),
            worker_audience=workers("DORMOUSE_WORKER_AUDIENCE").rstrip("/"),
            push_account=workers("DORMOUSE_PUSH_ACCOUNT"),
            scheduler_account=workers("DORMOUSE_SCHEDULER_ACCOUNT"),
            eventarc_account=workers("DORMOUSE_EVENTARC_ACCOUNT"),
            service=read.optional("K_SERVICE"),
            signature_checked_by_cloud_run=_checked_by_cloud_run(read),
            allowed_hosts=frozenset(words_of(read.optional("DORMOUSE_ALLOWED_HOSTS"))),
            handlers=read.optional("DORMOUSE_HANDLERS") or cls.handlers,
            triggers=read.optional("DORMOUSE_TRIGGERS") or cls.triggers,
            secrets=SecretBindings.parse(read.optional("DORMOUSE_SECRETS")),
            buckets=frozenset(words_of(read.optional("DORMOUSE_BUCKETS"))),
            storage_emulator=read.optional("STORAGE_EMULATOR_HOST").rstrip("/"),
            metadata_host=read.optional("GCE_METADATA_HOST") or cls.metadata_host,
            secrets_folder=read.optional("DORMOUSE_SECRETS_FOLDER") or cls.secrets_folder,
            submit_rate=read.number("DORMOUSE_SUBMIT_RATE", cls.submit_rate, at_least=0),
            submit_burst=read.number("DORMOUSE_SUBMIT_BURST", cls.submit_burst, at_least=1),
            max_open_jobs=read.number("DORMOUSE_MAX_OPEN_JOBS", cls.max_open_jobs, at_least=0),
            max_watchers=read.number("DORMOUSE_MAX_WATCHERS", cls.max_watchers, at_least=0),
            processes=read.number("DORMOUSE_HANDLER_PROCESSES", cls.processes, at_least=1),
            handler_memory_mib=read.number(
                "DORMOUSE_HANDLER_MEMORY_MIB", cls.handler_memory_mib, at_least=64
            ),
            telemetry=_has_collector(read),
            telemetry_seconds=read.number(
                "OTEL_EXPORTER_OTLP_TIMEOUT", cls.telemetry_seconds, at_least=1
            ),
        )


def _has_collector(read: Variables) -> bool:
    """As OpenTelemetry's own specification has it, but off unless a collector is named.

    https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
    """
    read.optional("OTEL_EXPORTER_OTLP_PROTOCOL")
    read.optional("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
    endpoints = [
        read.optional("OTEL_EXPORTER_OTLP_ENDPOINT"),
        read.optional("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"),
    ]
    is_disabled = read.optional("OTEL_SDK_DISABLED").lower() == "true"
    return any(endpoints) and not is_disabled


def _refuse_stand_ins(read: Variables) -> None:
    """On Cloud Run nothing may stand in for Google: whoever set it could forge every identity."""
    if not read.optional("K_SERVICE"):
        return
    for name in _STAND_INS:
        if value := read.optional(name):
            raise SettingsError(f"{name} is for development: Cloud Run must not have it ({value}).")
    if read.optional("DORMOUSE_CERTIFICATES_URL").startswith("http:"):
        raise SettingsError("DORMOUSE_CERTIFICATES_URL must be an https URL on Cloud Run.")


def _console(read: Variables) -> dict[str, Any]:
    client_id = read.optional("DORMOUSE_CONSOLE_CLIENT_ID")
    secret = read.optional("DORMOUSE_CONSOLE_CLIENT_SECRET")
    if bool(client_id) != bool(secret):
        raise SettingsError(
            "DORMOUSE_CONSOLE_CLIENT_ID and DORMOUSE_CONSOLE_CLIENT_SECRET belong together."
        )
    return {
        "console_client_id": client_id,
        "console_client_secret": secret,
        "sign_in_urls": words_of(read.optional("DORMOUSE_SIGN_IN_URL")),
    }


_STAND_INS = (
    "DORMOUSE_SIGN_IN_URL",
    "FIRESTORE_EMULATOR_HOST",
    "PUBSUB_EMULATOR_HOST",
    "STORAGE_EMULATOR_HOST",
    "GCE_METADATA_HOST",
)


def _checked_by_cloud_run(read: Variables) -> bool:
    is_inside = bool(read.optional("K_SERVICE"))
    is_set = read.optional("DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN") == "true"
    if is_set and not is_inside:
        raise SettingsError(
            "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN can be true inside Cloud Run only, which sets"
            " K_SERVICE: elsewhere nobody has checked the signature."
        )
    return is_set


def _bindings(text: str) -> tuple[Binding, ...]:
    if not text:
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[Binding, ...])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise SettingsError(
            f'DORMOUSE_ROLES must be JSON like [{{"role": "submitter", "members":'
            f' ["domain:example.com"]}}]: {error}'
        ) from error
