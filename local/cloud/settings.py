"""What the local cloud has to know of the system that it stands around."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_ACCOUNT = "dev@example.com"
"""Who a token names where nobody is asked for."""

ACCOUNTS = (DEFAULT_ACCOUNT, "viewer@example.org", "operator@example.com")
"""Whom the page to sign in offers: a submitter, a viewer and an operator."""

DESKTOP_CLIENT_ID = "dormouse-desktop.apps.local"
DESKTOP_CLIENT_SECRET = "not-a-secret"  # noqa: S105 - Google says the same of a desktop client's
"""The OAuth client that the command line signs people in with."""

WEB_CLIENT_ID = "dormouse-console.apps.local"
WEB_CLIENT_SECRET = "local-console-secret"  # noqa: S105 - of the local cloud
"""The OAuth client of the local API's console."""

API_AUDIENCE = "dormouse-api"
"""A custom audience of the local API: unlike its URL, it does not change with the port."""


@dataclass(frozen=True, kw_only=True)
class CloudSettings:
    """Where the parts are, and under which names the infrastructure calls the worker.

    `push_concurrency` is how many job messages the worker gets at once. It must leave some of the
    worker's threads free for the sweep, as one worker is all there is here. Whoever has
    `faults_token` may have messages lost and repeated.
    """

    project: str
    worker_url: str
    worker_audience: str
    push_account: str
    scheduler_account: str
    eventarc_account: str
    database: str = "(default)"
    firestore_emulator: str = ""
    pubsub_emulator: str = ""
    topic: str = "dormouse-jobs"
    events_topic: str = ""
    triggers: str = "triggers.toml"
    push_concurrency: int = 8
    faults_token: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "CloudSettings":
        """Raises `KeyError` for a missing variable. `./dev up` and Docker Compose set them all."""
        return cls(
            project=environment["GOOGLE_CLOUD_PROJECT"],
            worker_url=environment["DORMOUSE_WORKER_URL"].rstrip("/"),
            worker_audience=environment["DORMOUSE_WORKER_AUDIENCE"].rstrip("/"),
            push_account=environment["DORMOUSE_PUSH_ACCOUNT"],
            scheduler_account=environment["DORMOUSE_SCHEDULER_ACCOUNT"],
            eventarc_account=environment["DORMOUSE_EVENTARC_ACCOUNT"],
            database=environment.get("DORMOUSE_DATABASE") or cls.database,
            firestore_emulator=environment["FIRESTORE_EMULATOR_HOST"],
            pubsub_emulator=environment["PUBSUB_EMULATOR_HOST"],
            topic=environment.get("DORMOUSE_TOPIC") or cls.topic,
            events_topic=environment.get("DORMOUSE_EVENTS_TOPIC", ""),
            triggers=environment.get("DORMOUSE_TRIGGERS") or cls.triggers,
            faults_token=environment.get("DORMOUSE_FAULTS_TOKEN", ""),
        )
