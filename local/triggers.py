"""`./dev triggers`: writes what Terraform needs to know of `triggers.toml`, which it can't read."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jobs.errors import SettingsError
from jobs.settings.settings import Settings
from jobs.triggers.file import parse
from jobs.triggers.trigger import Trigger
from local.console import Console
from local.processes import ROOT

SOURCE = ROOT / Settings.triggers
DERIVED = ROOT / "infra" / "triggers.json"


def write_triggers(console: Console, source: Path = SOURCE, derived: Path = DERIVED) -> int:
    """Returns the exit status. The worker checks more of the file when it starts."""
    try:
        triggers = parse(source.read_text(encoding="utf-8"), source.name)
    except SettingsError as error:
        console.line(str(error))
        return 1
    text = rendered(triggers.values())
    if not derived.exists() or derived.read_text(encoding="utf-8") != text:
        derived.write_text(text, encoding="utf-8")
        console.line(f"wrote {derived.name}: commit it, and deploy")
    return 0


def rendered(triggers: Iterable[Trigger]) -> str:
    """The derived file's text: what Eventarc is to watch, by the triggers' names."""
    return json.dumps({trigger.name: _watched(trigger) for trigger in triggers}, indent=2) + "\n"


def _watched(trigger: Trigger) -> dict[str, Any]:
    return {"type": trigger.event_type, trigger.kind: getattr(trigger, trigger.kind)}
