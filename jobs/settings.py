"""What a deployment decides: read once, at start, from the environment; refused if wrong."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from jobs.buckets import BUCKET_PATTERN, Buckets
from jobs.errors import SettingsError
from jobs.roles import Binding
from jobs.secret_references import NAME_PATTERN

GOOGLE_CERTIFICATES = "https://www.googleapis.com/oauth2/v1/certs"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that both services may know of their deployment.

    `api_audiences` are the audiences that a caller's token may be made for. A token for the worker
    must be made for `worker_audience` followed by the path that it is sent to. The ends of all jobs
    are published to `events_topic`, if there is one; each process looks for webhooks that were made
    or changed elsewhere every `webhooks_seconds`. `allowed_hosts` are
    `host:port` pairs that outbound calls may reach although they are not public.
    `firebase_project` is whose end users may call, beside Google identities. `gateway_account` is
    what an API Gateway calls as that verifies callers itself. `cors_origins` are the origins whose
    web pages may call. `service` is the name that Cloud Run knows the service by, if it runs there.
    `signature_checked_by_cloud_run` says that the worker may take tokens whose signature Cloud Run
    removed. `certificates_url` gives the certificates of whoever signs the tokens. `handlers` is
    the module whose `REGISTRY` holds the job types, `triggers` the file that says which events
    start jobs. `secrets` are the names that payloads may refer to; the worker finds the values in
    `secrets_folder`. `buckets` are those of Cloud Storage that jobs may read files from. A
    principal may submit `submit_rate` jobs a second and `submit_burst` at once, and have
    `max_open_jobs` that are not terminal; 0 is no limit. `max_watchers` may watch jobs at one
    instance of the API at a time. A worker runs `processes`
    handlers at once, each with `handler_memory_mib` at most. With `telemetry` spans are sent to a
    collector, which may take `telemetry_seconds` to answer.
    """

    project: str
    database: str = "(default)"
    topic: str = "dormouse-tickets"
    events_topic: str = ""
    webhooks_seconds: int = 60
    firestore_emulator: str | None = None
    pubsub_emulator: str | None = None
    certificates_url: str = GOOGLE_CERTIFICATES
    revision: str = "local"
    api_audiences: tuple[str, ...] = ()
    roles: tuple[Binding, ...] = ()
    firebase_project: str = ""
    gateway_account: str = ""
    cors_origins: frozenset[str] = frozenset()
    worker_audience: str = ""
    push_account: str = ""
    scheduler_account: str = ""
    eventarc_account: str = ""
    service: str = ""
    signature_checked_by_cloud_run: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    handlers: str = "handlers"
    triggers: str = "triggers.toml"
    secrets: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    storage_emulator: str = ""
    metadata_host: str = Buckets.metadata_host
    secrets_folder: str = "/secrets"
    submit_rate: int = 0
    submit_burst: int = 1000
    max_open_jobs: int = 0
    max_watchers: int = 32
    processes: int = 8
    handler_memory_mib: int = 512
    telemetry: bool = False
    telemetry_seconds: int = 1

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
        read = _Reader(environment)
        mine = read.required if service == "api" else read.optional
        workers = read.required if service == "worker" else read.optional
        return cls(
            project=read.required("GOOGLE_CLOUD_PROJECT"),
            database=read.optional("DORMOUSE_DATABASE") or cls.database,
            topic=read.optional("DORMOUSE_TOPIC") or cls.topic,
            events_topic=read.optional("DORMOUSE_EVENTS_TOPIC"),
            webhooks_seconds=read.number(
                "DORMOUSE_WEBHOOKS_SECONDS", cls.webhooks_seconds, at_least=0
            ),
            firestore_emulator=read.optional("FIRESTORE_EMULATOR_HOST") or None,
            pubsub_emulator=read.optional("PUBSUB_EMULATOR_HOST") or None,
            certificates_url=read.optional("DORMOUSE_CERTIFICATES_URL") or cls.certificates_url,
            revision=read.optional("K_REVISION") or cls.revision,
            api_audiences=_words(mine("DORMOUSE_API_AUDIENCES")),
            roles=_bindings(read.optional("DORMOUSE_ROLES")),
            firebase_project=read.optional("DORMOUSE_FIREBASE_PROJECT"),
            gateway_account=read.optional("DORMOUSE_GATEWAY_ACCOUNT"),
            cors_origins=frozenset(_words(read.optional("DORMOUSE_CORS_ORIGINS"))),
            worker_audience=workers("DORMOUSE_WORKER_AUDIENCE").rstrip("/"),
            push_account=workers("DORMOUSE_PUSH_ACCOUNT"),
            scheduler_account=workers("DORMOUSE_SCHEDULER_ACCOUNT"),
            eventarc_account=workers("DORMOUSE_EVENTARC_ACCOUNT"),
            service=read.optional("K_SERVICE"),
            signature_checked_by_cloud_run=_checked_by_cloud_run(read),
            allowed_hosts=frozenset(_words(read.optional("DORMOUSE_ALLOWED_HOSTS"))),
            handlers=read.optional("DORMOUSE_HANDLERS") or cls.handlers,
            triggers=read.optional("DORMOUSE_TRIGGERS") or cls.triggers,
            secrets=frozenset(_words(read.optional("DORMOUSE_SECRETS"))),
            buckets=frozenset(_words(read.optional("DORMOUSE_BUCKETS"))),
            storage_emulator=read.optional("STORAGE_EMULATOR_HOST").rstrip("/"),
            metadata_host=read.optional("GCE_METADATA_HOST") or cls.metadata_host,
            secrets_folder=read.optional("DORMOUSE_SECRETS_FOLDER") or cls.secrets_folder,
            submit_rate=read.number("DORMOUSE_SUBMIT_RATE", cls.submit_rate, at_least=0),
            submit_burst=read.number("DORMOUSE_SUBMIT_BURST", cls.submit_burst, at_least=1),
            max_open_jobs=read.number("DORMOUSE_MAX_OPEN_JOBS", cls.max_open_jobs, at_least=0),
            max_watchers=read.number("DORMOUSE_MAX_WATCHERS", cls.max_watchers, at_least=0),
            processes=read.number("DORMOUSE_PROCESSES", cls.processes, at_least=1),
            handler_memory_mib=read.number(
                "DORMOUSE_HANDLER_MEMORY_MIB", cls.handler_memory_mib, at_least=64
            ),
            telemetry=_has_collector(read),
            telemetry_seconds=read.number(
                "OTEL_EXPORTER_OTLP_TIMEOUT", cls.telemetry_seconds, at_least=1
            ),
        )


_NAME = (r"[^\s/]+", "a name without blanks and slashes")
_ADDRESS = (r"(\[[0-9a-fA-F:.]+\]|[^\s:/,\[\]]+):\d{1,5}", "of the form host:port")
_ORIGIN = r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?"
_URL = (r"https?://[^\s/]\S*", "an http or https URL")
_ACCOUNT = (r"[^\s@]+@[^\s@]+", "the email of a service account")
_FORMS = {
    "GOOGLE_CLOUD_PROJECT": _NAME,
    "DORMOUSE_DATABASE": _NAME,
    "DORMOUSE_TOPIC": _NAME,
    "DORMOUSE_EVENTS_TOPIC": _NAME,
    "DORMOUSE_HANDLERS": (r"\w+(\.\w+)*", "the name of a Python module"),
    "DORMOUSE_CERTIFICATES_URL": _URL,
    "FIRESTORE_EMULATOR_HOST": _ADDRESS,
    "STORAGE_EMULATOR_HOST": (r"https?://[^\s/]+/?", "a URL like http://127.0.0.1:9023"),
    "GCE_METADATA_HOST": (r"[^\s/]+", "a host, or host:port"),
    "PUBSUB_EMULATOR_HOST": _ADDRESS,
    "DORMOUSE_API_AUDIENCES": (r"(?s:.*[^\s,].*)", "one or more audiences, separated by commas"),
    "DORMOUSE_PUSH_ACCOUNT": _ACCOUNT,
    "DORMOUSE_SCHEDULER_ACCOUNT": _ACCOUNT,
    "DORMOUSE_EVENTARC_ACCOUNT": _ACCOUNT,
    "DORMOUSE_GATEWAY_ACCOUNT": _ACCOUNT,
    "DORMOUSE_FIREBASE_PROJECT": _NAME,
    "DORMOUSE_CORS_ORIGINS": (
        rf"{_ORIGIN}(\s*,\s*{_ORIGIN})*\s*,?",
        "origins like https://app.example.com, separated by commas",
    ),
    "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN": ("true|false", "true or false"),
    "DORMOUSE_SECRETS": (
        rf"{NAME_PATTERN}(\s*,\s*{NAME_PATTERN})*\s*,?",
        "names of letters, digits, - and _, separated by commas",
    ),
    "OTEL_EXPORTER_OTLP_ENDPOINT": _URL,
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": _URL,
    "OTEL_EXPORTER_OTLP_PROTOCOL": ("http/protobuf",) * 2,
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": ("http/protobuf",) * 2,
    "DORMOUSE_BUCKETS": (
        rf"{BUCKET_PATTERN}(\s*,\s*{BUCKET_PATTERN})*\s*,?",
        "names of Cloud Storage buckets, separated by commas",
    ),
    "DORMOUSE_ALLOWED_HOSTS": (
        rf"{_ADDRESS[0]}(\s*,\s*{_ADDRESS[0]})*\s*,?",
        "host:port pairs, separated by commas",
    ),
}
"""The form of a variable, as a pattern and in words. What is not here is taken as it is."""


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def optional(self, name: str) -> str:
        text = self._environment.get(name, "").strip()
        pattern, form = _FORMS.get(name, ("", ""))
        if text and pattern and not re.fullmatch(pattern, text):
            raise SettingsError(f"{name} must be {form}, not {text!r}.")
        return text

    def required(self, name: str) -> str:
        if not (value := self.optional(name)):
            raise SettingsError(f"{name} is not set. See docs/settings.md.")
        return value

    def number(self, name: str, default: int, *, at_least: int) -> int:
        text = self.optional(name)
        if not text:
            return default
        if not text.isdecimal() or int(text) < at_least:
            raise SettingsError(f"{name} must be a whole number from {at_least} up, not {text!r}.")
        return int(text)


def _has_collector(read: _Reader) -> bool:
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


def _checked_by_cloud_run(read: _Reader) -> bool:
    is_inside = bool(read.optional("K_SERVICE"))
    is_set = read.optional("DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN") == "true"
    if is_set and not is_inside:
        raise SettingsError(
            "DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN can be true inside Cloud Run only, which sets"
            " K_SERVICE: elsewhere nobody has checked the signature."
        )
    return is_set


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


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
