"""Webhooks: URLs that hear of jobs."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from dormouse.calling import Call, Policy, call
from dormouse.operations.jobs import named, path_of, removed
from dormouse.operations.paging import pages
from dormouse.payloads import encoded
from dormouse.resource_model import Delivery, FreshSecret, Webhook
from dormouse.steps import Steps

_PATH: Final = "/v1/webhooks"


class _Page(msgspec.Struct):
    webhooks: list[Webhook]
    next_page_token: str


class _Deliveries(msgspec.Struct):
    deliveries: list[Delivery]
    next_page_token: str


def create(
    policy: Policy,
    url: str,
    *,
    events: Sequence[str] = (),
    types: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    description: str = "",
    enabled: bool = True,
) -> Steps[Webhook]:
    """The webhook with its secret, which is shown this once. Raises `RemoteError`.

    A lost answer is not asked for again, as that would make two: `NotReached` says so.
    """
    said = {
        "url": url,
        "events": list(events),
        "types": list(types),
        "labels": dict(labels or {}),
        "description": description,
        "enabled": enabled,
    }
    wanted = Call("POST", _PATH, body=encoded(said), repeatable=False)
    return (yield from call(policy, wanted)).decoded(Webhook)


def get(policy: Policy, webhook_id: str) -> Steps[Webhook]:
    """The webhook's settings and health. Raises `NotFound`."""
    got = yield from call(policy, Call("GET", named(_PATH, webhook_id)))
    return got.decoded(Webhook)


def list_webhooks(policy: Policy) -> Steps[None]:
    """Emits webhooks, newest first."""
    yield from pages(policy, _PATH, _Page, lambda page: page.webhooks, {})


def update(policy: Policy, /, webhook_id: str, **changes: Any) -> Steps[Webhook]:
    """Change what is named, by the API's names; `enabled=True` switches it on again."""
    path = named(_PATH, webhook_id)
    return (yield from call(policy, Call("PATCH", path, body=encoded(changes)))).decoded(Webhook)


def delete(policy: Policy, webhook_id: str) -> Steps[None]:
    """Nothing more is sent to it; deliveries that wait fail."""
    yield from removed(policy, named(_PATH, webhook_id))


def rotate_secret(policy: Policy, webhook_id: str) -> Steps[FreshSecret]:
    """The new secret signs from now on, and the old one beside it for a day."""
    path = f"{named(_PATH, webhook_id)}:rotateSecret"
    return (yield from call(policy, Call("POST", path, repeatable=False))).decoded(FreshSecret)


def rotate_notify_secret(policy: Policy) -> Steps[FreshSecret]:
    """Replaces the secret that signs the notifications of your jobs."""
    wanted = Call("POST", "/v1/me:rotateNotifySecret", repeatable=False)
    return (yield from call(policy, wanted)).decoded(FreshSecret)


def test(policy: Policy, webhook_id: str) -> Steps[Delivery]:
    """Sends it the event `webhook.test`, once."""
    path = f"{named(_PATH, webhook_id)}:test"
    return (yield from call(policy, Call("POST", path, repeatable=False))).decoded(Delivery)


def deliveries(policy: Policy, webhook_id: str, *, status: str | None = None) -> Steps[None]:
    """Emits what was sent to it, newest first."""
    path = f"{named(_PATH, webhook_id)}/deliveries"
    yield from pages(policy, path, _Deliveries, lambda page: page.deliveries, {"status": status})


def notifications(policy: Policy, job_id: str) -> Steps[None]:
    """Emits what was sent to the URL that the job named by `notify`."""
    path = f"{path_of(job_id)}/deliveries"
    yield from pages(policy, path, _Deliveries, lambda page: page.deliveries, {})


def redeliver(policy: Policy, webhook_id: str, delivery_id: str) -> Steps[Delivery]:
    """Sends a delivery that has ended once more."""
    path = named(f"{named(_PATH, webhook_id)}/deliveries", delivery_id)
    wanted = Call("POST", f"{path}:redeliver", repeatable=False)
    return (yield from call(policy, wanted)).decoded(Delivery)
