"""The JSON of webhooks."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from api.jobs.resources import Moment
from jobs.events.model import EventType
from jobs.webhooks.model import DisabledReason, Webhook
from jobs.webhooks.signing import SigningSecrets


class WebhookLinks(msgspec.Struct, frozen=True, kw_only=True):
    """Paths on this service."""

    self: str
    deliveries: str
    test: str


class WebhookResource(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that hears of its owner's jobs. Its secret is never shown here."""

    id: Annotated[str, Meta(description="32 hexadecimal digits.")]
    owner: Annotated[str, Meta(description="Whose jobs it hears of.")]
    url: str
    description: str
    events: Annotated[list[EventType], Meta(description="Which events it hears; empty for all.")]
    types: Annotated[list[str], Meta(description="Of which job types; empty for all.")]
    labels: Annotated[Mapping[str, str], Meta(description="Labels that a job must have.")]
    enabled: bool
    disabled_reason: Annotated[
        DisabledReason | None,
        Meta(
            description="`by_owner`; `gone`, as the receiver answered 410; `failing`, as nothing"
            " had got through for five days; `backlog`, as it failed and a thousand deliveries"
            " waited for it."
        ),
    ]
    failing_since: Annotated[
        Moment | None, Meta(description="When the first delivery failed since the last success.")
    ]
    throttled_until: Annotated[
        Moment | None, Meta(description="Until when nothing is sent, as the receiver asked for.")
    ]
    created_at: Moment
    links: WebhookLinks

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        return cls(**_shown(webhook))


class WebhookWithSecret(WebhookResource, frozen=True, kw_only=True):
    """A new webhook. Keep its secret: nobody is shown it again."""

    secret: Annotated[str, Meta(description="What deliveries are signed with: `whsec_...`.")]

    @classmethod
    def of(cls, webhook: Webhook) -> Self:
        return cls(**_shown(webhook), secret=webhook.secrets.current)


class FreshSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret. Keep it: nobody is shown it again."""

    secret: Annotated[str, Meta(description="What deliveries are signed with: `whsec_...`.")]
    previous_until: Annotated[
        Moment | None, Meta(description="Until when the secret before signs beside it.")
    ]

    @classmethod
    def of(cls, secrets: SigningSecrets) -> Self:
        return cls(secret=secrets.current, previous_until=secrets.previous_until)


class WebhookList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of webhooks, newest first."""

    webhooks: list[WebhookResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]


def path_of(webhook_id: str) -> str:
    return f"/v1/webhooks/{webhook_id}"


_MADE = {"events", "types", "links"}
_AS_THEY_ARE = tuple(name for name in WebhookResource.__struct_fields__ if name not in _MADE)


def _shown(webhook: Webhook) -> dict[str, Any]:
    path = path_of(webhook.id)
    return {name: getattr(webhook, name) for name in _AS_THEY_ARE} | {
        "events": list(webhook.events),
        "types": list(webhook.types),
        "links": WebhookLinks(self=path, deliveries=f"{path}/deliveries", test=f"{path}:test"),
    }
