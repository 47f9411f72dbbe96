"""The settings of services that are measured."""

from jobs.settings.settings import Settings
from local.ports import Ports
from local.services import environment


def production(ports: Ports) -> dict[str, str]:
    """Those of `./dev up`, but where these suit a person who tries things, those of production."""
    # Locally each job that ends asks who listens, so that a new webhook is heeded at once.
    return environment(ports) | {
        "DORMOUSE_WEBHOOK_CACHE_SECONDS": str(Settings.webhook_cache_seconds)
    }
