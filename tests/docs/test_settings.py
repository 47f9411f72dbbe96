"""`docs/settings.md` against what the services read."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal, get_args

import pytest

from jobs.errors import SettingsError
from jobs.settings.settings import Settings
from local.processes import ROOT

Service = Literal["api", "worker"]

_ROW = re.compile(r"^\| `(\w+)` \| (.+?) \|", re.MULTILINE)
EVERYTHING = {
    "GOOGLE_CLOUD_PROJECT": "p",
    "DORMOUSE_API_AUDIENCES": "a",
    "DORMOUSE_WORKER_AUDIENCE": "w",
    "DORMOUSE_PUSH_ACCOUNT": "push@example.com",
    "DORMOUSE_SCHEDULER_ACCOUNT": "scheduler@example.com",
    "DORMOUSE_EVENTARC_ACCOUNT": "eventarc@example.com",
}


class Environment(Mapping[str, str]):
    """An environment that notices which variables are asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def documented() -> dict[str, str]:
    """The default of each variable in the tables."""
    return dict(_ROW.findall((ROOT / "docs" / "settings.md").read_text()))


@pytest.mark.parametrize("service", get_args(Service))
def test_the_tables_name_what_is_read(service: Service) -> None:
    """Each variable that a service reads is documented, and each documented one is read."""
    environment = Environment(EVERYTHING)
    Settings.from_environment(service, environment)
    assert environment.asked == set(documented())


def test_what_is_required_is_said_to_be() -> None:
    """A service refuses to start without exactly those variables that the tables call required."""
    needed = {
        name for name in documented() for service in get_args(Service) if _refuses(service, name)
    }
    assert needed == {name for name, default in documented().items() if default == "required"}


def _refuses(service: Service, name: str) -> bool:
    left = {other: value for other, value in EVERYTHING.items() if other != name}
    try:
        Settings.from_environment(service, left)
    except SettingsError as error:
        return name in str(error)
    return False


@pytest.mark.parametrize(
    ("variable", "field"),
    [
        ("DORMOUSE_DATABASE", "database"),
        ("DORMOUSE_TOPIC", "topic"),
        ("DORMOUSE_WEBHOOK_CACHE_SECONDS", "webhook_cache_seconds"),
        ("DORMOUSE_HANDLERS", "handlers"),
        ("DORMOUSE_TRIGGERS", "triggers"),
        ("GCE_METADATA_HOST", "metadata_host"),
        ("K_REVISION", "revision"),
        ("DORMOUSE_SECRETS_FOLDER", "secrets_folder"),
        ("DORMOUSE_SUBMIT_RATE", "submit_rate"),
        ("DORMOUSE_SUBMIT_BURST", "submit_burst"),
        ("DORMOUSE_MAX_OPEN_JOBS", "max_open_jobs"),
        ("DORMOUSE_HANDLER_PROCESSES", "processes"),
        ("DORMOUSE_HANDLER_MEMORY_MIB", "handler_memory_mib"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "telemetry_seconds"),
    ],
)
def test_defaults_are_those_of_the_code(variable: str, field: str) -> None:
    """A default that the tables show is the one that a service takes."""
    taken = getattr(Settings.from_environment("worker", EVERYTHING), field)
    assert documented()[variable] == f"`{taken}`"
