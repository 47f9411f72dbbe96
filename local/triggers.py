"""`./dev triggers`: writes what Terraform needs to know of `triggers.toml`, which it can't read."""

import json
from collections.abc import Iterable
from typing import Any

from jobs.settings import Settings
from jobs.triggers.file import parse
from jobs.triggers.trigger import Trigger
from local.console import Console
from local.processes import ROOT

SOURCE = ROOT / Settings.triggers
DERIVED = ROOT / "infra" / "triggers.json"


def write_triggers(console: Console) -> int:
    """Raises `SettingsError` if the file is wrong; the worker checks more when it starts."""
    text = rendered(parse(SOURCE.read_text(encoding="utf-8")).values())
    if not DERIVED.exists() or DERIVED.read_text(encoding="utf-8") != text:
        DERIVED.write_text(text, encoding="utf-8")
        console.line(f"wrote {DERIVED.relative_to(ROOT)}: deploy, and they are there")
    return 0


def rendered(triggers: Iterable[Trigger]) -> str:
    """The derived file's text: what Eventarc is to watch, by the triggers' names."""
    return json.dumps({trigger.name: _watched(trigger) for trigger in triggers}, indent=2) + "\n"


def _watched(trigger: Trigger) -> dict[str, Any]:
    return {"type": trigger.event_type, trigger.kind: getattr(trigger, trigger.kind)}
