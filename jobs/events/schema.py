"""Writes `docs/event.schema.json`: `python -m jobs.events.schema > docs/event.schema.json`."""

import sys
from typing import Any

import msgspec

from jobs.events.message import JobMessage, WebhookMessage


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of all messages."""
    (of_job, of_webhook), parts = msgspec.json.schema_components([JobMessage, WebhookMessage])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Dormouse event, version 1",
        "anyOf": [of_job, of_webhook],
        "$defs": parts,
    }


def text() -> str:
    return msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
