"""What RQ's worker runs."""

from typing import Any


def echo(payload: dict[str, Any]) -> dict[str, Any]:
    return payload
