"""`triggers.toml`: read once, at start, and refused if wrong."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from jobs.errors import InvalidRequest, SettingsError, UnknownJobType
from jobs.job_types import Registry
from jobs.payloads.secret_references import checked
from jobs.settings.settings import Settings
from jobs.triggers.pattern import Pattern
from jobs.triggers.template import has_reference, sample, strings
from jobs.triggers.trigger import Trigger

MAX_TRIGGERS = 100
"""Of a location and project Eventarc takes 500. https://cloud.google.com/eventarc/quotas"""

OWN_COLLECTIONS = frozenset(
    {
        "dead_letters",
        "events",
        "jobs",
        "notify_keys",
        "schedule_quotas",
        "schedules",
        "webhook_quotas",
        "webhooks",
    }
)
"""What Dormouse itself writes to. A trigger there would start a job by its own job's changes."""

Triggers = Mapping[str, Trigger]
"""By name."""

_ANY_VALUE = "https://any-value.invalid/"
"""Stands for whatever an event may have, while a payload is checked."""
_CERTAIN = (
    "Object contains unknown field",
    "Object missing required field",
    "jobs may not read from the bucket",
)
"""What is wrong whatever an event has, although it is said of the payload as a whole."""


def load(settings: Settings, registry: Registry) -> Triggers:
    """The triggers of the file that the settings name. Raises `SettingsError`."""
    file = settings.triggers
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}, which DORMOUSE_TRIGGERS names, can't be read.") from error
    triggers = parse(text, file)
    for trigger in triggers.values():
        _refuse_what_can_be_seen_to_fail(trigger, settings, registry)
    return triggers


def parse(text: str, file: str = "triggers.toml") -> Triggers:
    """The triggers of a file's text. Raises `SettingsError`, which names the file and the entry."""
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: {error}") from error
    if unknown := whole.keys() - {"trigger"}:
        raise SettingsError(f"{file}: there is only [[trigger]], and no {min(unknown)!r}.")
    entries = whole.get("trigger", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{file}: a trigger begins with [[trigger]], in double brackets.")
    if len(entries) > MAX_TRIGGERS:
        raise SettingsError(f"{file}: there may be {MAX_TRIGGERS} triggers at most.")
    found: dict[str, Trigger] = {}
    for number, entry in enumerate(entries, start=1):
        trigger = _trigger(entry, f"{file}, trigger {number}")
        if trigger.name in found:
            raise SettingsError(f"{file}: there are two triggers {trigger.name!r}.")
        found[trigger.name] = trigger
    return found


def _trigger(entry: Any, where: str) -> Trigger:
    name = entry.get("name") if isinstance(entry, dict) else None
    try:
        return msgspec.convert(entry, Trigger)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where} ({name}): {error}.") from error


def _refuse_what_can_be_seen_to_fail(
    trigger: Trigger, settings: Settings, registry: Registry
) -> None:
    where = f"{settings.triggers}, trigger {trigger.name}"
    for problem in _loops(trigger, settings):
        raise SettingsError(f"{where}: {problem}: its job would start the next one, without end.")
    try:
        kind = registry.offered.with_buckets(settings.buckets).get(trigger.type)
        payload = msgspec.json.encode(sample(trigger.payload, _ANY_VALUE))
        check = partial(
            settings.secrets.check,
            job_type=kind.name,
            fields=kind.secret_fields,
            owner=trigger.principal,
        )
        kind.decode(checked(payload, check))
    except UnknownJobType as error:
        raise SettingsError(f"{where}: {error}") from error
    except InvalidRequest as error:
        if _whatever_the_event(str(error), trigger.payload):
            raise SettingsError(f"{where}: {error}") from error


def _loops(trigger: Trigger, settings: Settings) -> Iterator[str]:
    if trigger.document is not None:
        pattern = Pattern(trigger.document)
        for collection in sorted(filter(pattern.reaches, OWN_COLLECTIONS)):
            yield f"{trigger.document} takes in {collection}, which Dormouse writes to"
    if trigger.topic in own_topics(settings):
        yield f"{trigger.topic} is a topic that Dormouse publishes to"


def own_topics(settings: Settings) -> frozenset[str]:
    """The topics that Dormouse, or Pub/Sub for it, publishes to."""
    dead_letters = settings.topic.removesuffix("-jobs") + "-dead-letters"
    return frozenset({settings.topic, dead_letters, settings.events_topic} - {""})


def _whatever_the_event(error: str, payload: Mapping[str, Any]) -> bool:
    """Whether the payload is wrong by what is not taken from the event."""
    if error.startswith(_CERTAIN):
        return True
    referring = [path for path, text in strings(payload, "$.payload") if has_reference(text)]
    at = error.rpartition("`")[0].rpartition("`")[2]
    return not any(path == at or path.startswith((f"{at}.", f"{at}[")) for path in referring)
