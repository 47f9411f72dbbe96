"""Google's resources, as gcloud writes them in JSON, in the snapshot's terms.

Cloud Run's are of its API v1: https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deployment.doctor.snapshot import (
    Call,
    Database,
    IndexFields,
    ScheduledCall,
    Service,
    Subscription,
    Trigger,
)

_RUN = "run.googleapis.com"
_LONGEST_CALL = 180.0
"""What Scheduler gives a call, if nothing else is said."""


def service_of(found: Any, policy: Any) -> Service:
    notes = found["metadata"].get("annotations", {})
    template = found["spec"]["template"]["spec"]
    variables = template["containers"][0].get("env", [])
    return Service(
        name=found["metadata"]["name"],
        url=found["status"]["url"],
        ingress=notes.get(f"{_RUN}/ingress", "all"),
        invoker_check=notes.get(f"{_RUN}/invoker-iam-disabled") != "true",
        invokers=members(policy, "roles/run.invoker"),
        audiences=frozenset(json.loads(notes.get(f"{_RUN}/custom-audiences", "[]"))),
        concurrency=int(template["containerConcurrency"]),
        timeout_seconds=int(template["timeoutSeconds"]),
        environment={one["name"]: one["value"] for one in variables if "value" in one},
    )


def region_of(found: Any) -> str:
    return str(found["metadata"]["labels"]["cloud.googleapis.com/location"])


def subscription_of(found: Any, policy: Any) -> Subscription:
    dead_letters = found.get("deadLetterPolicy", {})
    push = found.get("pushConfig", {})
    topic = dead_letters.get("deadLetterTopic")
    return Subscription(
        name=short(found["name"]),
        topic=short(found["topic"]),
        ack_deadline_seconds=int(found["ackDeadlineSeconds"]),
        # One that never expires has a policy without a time.
        expires="ttl" in found.get("expirationPolicy", {"ttl": "of old"}),
        push=_call(short(found["name"]), push.get("pushEndpoint"), push.get("oidcToken")),
        dead_letter_topic=short(topic) if topic else None,
        delivery_attempts=int(dead_letters.get("maxDeliveryAttempts", 0)),
        subscribers=members(policy, "roles/pubsub.subscriber"),
    )


def scheduled_of(found: Any) -> ScheduledCall | None:
    """None for a job that calls nothing by HTTP."""
    target = found.get("httpTarget", {})
    call = _call(short(found["name"]), target.get("uri"), target.get("oidcToken"))
    if call is None:
        return None
    deadline = found.get("attemptDeadline")
    return ScheduledCall(
        call=call,
        paused=found.get("state", "ENABLED") != "ENABLED",
        deadline_seconds=float(deadline.rstrip("s")) if deadline else _LONGEST_CALL,
    )


def trigger_of(found: Any, service: str) -> Trigger | None:
    """None for one that calls something else."""
    destination = found.get("destination", {}).get("cloudRun", {})
    if destination.get("service") != service:
        return None
    return Trigger(
        name=short(found["name"]),
        path=destination.get("path", "/"),
        account=found.get("serviceAccount", ""),
        conditions={
            what: condition.get("message") or condition.get("code", "")
            for what, condition in found.get("conditions", {}).items()
            if condition.get("code", "OK") != "OK"
        },
    )


def database_of(indexes: Iterable[Any], fields: Iterable[Any], ttls: Iterable[Any]) -> Database:
    return Database(
        indexes={
            (_collection(one["name"]), _fields(one["fields"])): one.get("state", "")
            for one in indexes
        },
        unindexed=frozenset(
            (_collection(one["name"]), short(one["name"]))
            for one in fields
            if not one.get("indexConfig", {}).get("indexes")
        ),
        ttl={
            (_collection(one["name"]), short(one["name"])): one["ttlConfig"].get("state", "")
            for one in ttls
            if "ttlConfig" in one
        },
    )


def members(policy: Any, role: str) -> frozenset[str] | None:
    """Those that a policy gives a role without a condition; None if there is no policy to see."""
    if policy is None:
        return None
    return frozenset(
        member
        for binding in policy.get("bindings", [])
        if binding["role"] == role and "condition" not in binding
        for member in binding["members"]
    )


def short(name: str) -> str:
    """The last part of a resource's name."""
    return name.rpartition("/")[2]


def _call(name: str, endpoint: str | None, token: Mapping[str, str] | None) -> Call | None:
    if not endpoint:
        return None
    given = token or {}
    return Call(
        name=name,
        endpoint=endpoint,
        account=given.get("serviceAccountEmail", ""),
        # Without one of its own, the token is made for the endpoint.
        audience=given.get("audience") or endpoint,
    )


def _collection(name: str) -> str:
    parts = name.split("/")
    return parts[parts.index("collectionGroups") + 1]


def _fields(fields: Iterable[Any]) -> IndexFields:
    """Without the name, in which every index ends."""
    named = [(one["fieldPath"], one.get("order") or one.get("arrayConfig", "")) for one in fields]
    return tuple(field for field in named if field[0] != "__name__")
