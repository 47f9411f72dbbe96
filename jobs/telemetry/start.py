"""Starts telemetry where a deployment asks for it: docs/telemetry.md."""

from jobs.settings.settings import Settings
from jobs.telemetry.port import OFF, Telemetry


def telemetry_for(service: str, settings: Settings) -> Telemetry:
    """What the settings ask for. OpenTelemetry is imported here, and only if it is wanted."""
    if not settings.telemetry:
        return OFF
    from jobs.telemetry.spans import Spans  # noqa: PLC0415 - costs nothing where it is not wanted

    return Spans.to_collector(service, settings)
