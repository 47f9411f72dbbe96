"""What gcloud answers about a deployment in which nothing is wrong, in Google's own forms."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from deployment.doctor.source import Page, Unreadable
from local.cloud.push import subscriptions
from tests.infra.terraform import INFRA, the_module
from tests.infra.test_names import VALUES

NOW = datetime(2026, 11, 1, 12, 0, 30, tzinfo=UTC)
PROJECT = "some-project"
AGENT = "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"
API = "https://dormouse-api-1.us-central1.run.app"
WORKER = "https://dormouse-worker-1.us-central1.run.app"
_TERRAFORM = the_module()
_DATABASE = f"projects/{PROJECT}/databases/(default)"
_INDEXES = json.loads((INFRA / "firestore-indexes.json").read_text())


def healthy() -> dict[str, Any]:
    """By command, or by address."""
    return deepcopy(_ANSWERS)


class Recorded:
    """A source that was written down."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def gcloud(self, *words: str) -> Any:
        named = " ".join(word for word in words if not word.startswith("--"))
        return self._answer(named)

    def page(self, url: str, body: Any = None) -> Page:
        del body
        found = self._answer(url)
        return found if isinstance(found, Page) else Page({}, found)

    def _answer(self, asked: str) -> Any:
        for key, answer in self._answers.items():
            if asked.startswith(key):
                if isinstance(answer, Unreadable):
                    raise answer
                return answer
        raise AssertionError(asked)


def _service(name: str, url: str, notes: dict[str, str], **template: Any) -> dict[str, Any]:
    environment = _TERRAFORM.locals[f"{name}_environment"]
    variables = [{"name": one, "value": VALUES[one]} for one in environment]
    return {
        "metadata": {
            "name": f"dormouse-{name}",
            "labels": {"cloud.googleapis.com/location": "us-central1"},
            "annotations": {f"run.googleapis.com/{key}": value for key, value in notes.items()},
        },
        "spec": {"template": {"spec": {"containers": [{"env": variables}], **template}}},
        "status": {"url": url},
    }


def _subscription(name: str, topic: str, path: str, **more: Any) -> dict[str, Any]:
    token = {"serviceAccountEmail": VALUES["DORMOUSE_PUSH_ACCOUNT"], "audience": WORKER + path}
    return {
        "name": f"projects/{PROJECT}/subscriptions/{name}",
        "topic": f"projects/{PROJECT}/topics/{topic}",
        "pushConfig": {"pushEndpoint": WORKER + path, "oidcToken": token},
        "expirationPolicy": {},
        **more,
    }


def _subscriptions() -> list[dict[str, Any]]:
    job_messages, dead_letters = subscriptions("dormouse-jobs")
    policy = {
        "deadLetterTopic": f"projects/{PROJECT}/topics/{dead_letters.topic}",
        "maxDeliveryAttempts": 50,
    }
    return [
        _subscription(
            job_messages.name,
            job_messages.topic,
            "/jobs",
            ackDeadlineSeconds=600,
            deadLetterPolicy=policy,
        ),
        _subscription(
            dead_letters.name, dead_letters.topic, "/dead-letters", ackDeadlineSeconds=60
        ),
        {"name": f"projects/{PROJECT}/subscriptions/of-somebody-else"},
    ]


def _sweep(name: str) -> dict[str, Any]:
    account = VALUES["DORMOUSE_SCHEDULER_ACCOUNT"]
    token = {"serviceAccountEmail": account, "audience": f"{WORKER}/sweep"}
    return {
        "name": f"projects/{PROJECT}/locations/us-central1/jobs/dormouse-sweep-{name}",
        "state": "ENABLED",
        "attemptDeadline": "180s",
        "httpTarget": {"uri": f"{WORKER}/sweep", "oidcToken": token},
    }


def _policy(role: str, *members: str) -> dict[str, Any]:
    return {"bindings": [{"role": role, "members": list(members)}]}


def _indexes() -> list[dict[str, Any]]:
    return [
        {
            "name": f"{_DATABASE}/collectionGroups/{index['collection']}/indexes/{number}",
            "state": "READY",
            "fields": [
                *(
                    {"fieldPath": one["path"], "arrayConfig": one["array"]}
                    if "array" in one
                    else {"fieldPath": one["path"], "order": one["order"]}
                    for one in index["fields"]
                ),
                {"fieldPath": "__name__", "order": index["fields"][-1].get("order", "ASCENDING")},
            ],
        }
        for number, index in enumerate(_INDEXES["indexes"])
    ]


def _fields() -> list[dict[str, Any]]:
    return [
        {"name": f"{_DATABASE}/collectionGroups/{collection}/fields/{name}", "indexConfig": {}}
        for collection, names in _INDEXES["unindexed"].items()
        for name in names
    ]


_CALLERS = [
    f"serviceAccount:{VALUES[name]}"
    for name in _TERRAFORM.locals["worker_environment"]
    if name.endswith("_ACCOUNT")
]
_ANSWERS: dict[str, Any] = {
    "projects describe": {"projectId": PROJECT, "projectNumber": "1"},
    "run services list": [
        _service(
            "api",
            API,
            {"ingress": "all", "invoker-iam-disabled": "true"},
            containerConcurrency=72,
            timeoutSeconds=60,
        ),
        _service(
            "worker",
            WORKER,
            {
                "ingress": "internal",
                "custom-audiences": json.dumps(
                    [WORKER, *(WORKER + path for path in ("/jobs", "/dead-letters", "/sweep"))]
                ),
            },
            containerConcurrency=6,
            timeoutSeconds=600,
        ),
    ],
    "run services get-iam-policy dormouse-api": {"etag": "x"},
    "run services get-iam-policy dormouse-worker": _policy("roles/run.invoker", *_CALLERS),
    "pubsub subscriptions list": _subscriptions(),
    "pubsub subscriptions get-iam-policy dormouse-jobs-push": _policy(
        "roles/pubsub.subscriber", AGENT
    ),
    "pubsub subscriptions get-iam-policy dormouse-dead-letters-push": {"etag": "x"},
    "pubsub topics get-iam-policy dormouse-dead-letters": _policy("roles/pubsub.publisher", AGENT),
    "scheduler jobs list": [_sweep("even"), _sweep("odd")],
    "eventarc triggers list": [
        {
            "name": f"projects/{PROJECT}/locations/nam5/triggers/dormouse-events",
            "serviceAccount": VALUES["DORMOUSE_EVENTARC_ACCOUNT"],
            "destination": {"cloudRun": {"service": "dormouse-worker", "path": "/events"}},
        },
        {
            "name": f"projects/{PROJECT}/locations/us-central1/triggers/of-somebody-else",
            "destination": {"workflow": "x"},
        },
    ],
    "projects get-iam-policy": _policy(
        "roles/eventarc.eventReceiver", f"serviceAccount:{VALUES['DORMOUSE_EVENTARC_ACCOUNT']}"
    ),
    "firestore indexes composite list": _indexes(),
    "firestore indexes fields list": _fields(),
    "firestore fields ttls list": [
        {
            "name": f"{_DATABASE}/collectionGroups/{collection}/fields/{name}",
            "ttlConfig": {"state": "ACTIVE"},
        }
        for collection, name in _INDEXES["ttl"].items()
    ],
    "logging read": [{"timestamp": (NOW - timedelta(seconds=40)).isoformat()}],
    "https://firestore.googleapis.com": [
        {"result": {"aggregateFields": {"all": {"integerValue": "0"}}}}
    ],
    f"{API}/v1/health": Page({"Date": format_datetime(NOW, usegmt=True)}, {"status": "ok"}),
}
