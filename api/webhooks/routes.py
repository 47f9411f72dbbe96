"""/v1/webhooks: create, get, list, update, delete."""

from flask import Blueprint
from msgspec import UNSET, structs

from api.auth import admission
from api.auth.callers import caller
from api.auth.lookup import existing
from api.dependencies import deps
from api.http.errors import MethodNotAllowed
from api.http.operation import Answer, Operation
from api.http.paging import cursor_of, next_page_token
from api.webhooks.requests import WebhookCreation, WebhookId, WebhooksQuery, WebhookUpdate
from api.webhooks.resources import WebhookList, WebhookResource, WebhookWithSecret, path_of
from api.webhooks.urls import checked_url
from jobs.errors import InvalidPageToken, StoreUnavailable, VersionConflict
from jobs.job.change import change
from jobs.telemetry.log import log_fields
from jobs.webhooks import health
from jobs.webhooks.model import (
    DisabledReason,
    TooManyWebhooks,
    Webhook,
    WebhookNotFound,
)
from jobs.webhooks.signing import SigningSecrets, new_secret

routes = Blueprint("webhooks", __name__)
TAG = "Webhooks"


@routes.post("/v1/webhooks")
@Operation(
    summary="Create a webhook",
    tag=TAG,
    body=WebhookCreation,
    admits=admission.webhook_owners,
    answer=WebhookWithSecret,
    status=201,
    answer_headers={"Location": "Where the webhook is."},
    problems=(TooManyWebhooks, VersionConflict, StoreUnavailable),
)
def create_webhook(body: WebhookCreation) -> Answer:
    """Its URL hears of what happens to your jobs, within a minute in all instances.

    Deliveries are signed as Standard Webhooks has it, with the secret that this answer shows and
    no other. At most 20 webhooks for each of you.
    """
    caller().check_own_webhooks()
    store, owner = deps().webhooks.store, caller().member
    url = checked_url(body.url, deps().settings.allowed_hosts, "$.url")
    webhook = Webhook(
        id=deps().runtime.new_id(),
        owner=owner,
        url=url,
        created_at=deps().runtime.now(),
        secrets=SigningSecrets(current=new_secret(deps().runtime.random_bytes)),
        description=body.description,
        events=tuple(body.events),
        types=tuple(body.types),
        labels=body.labels,
        enabled=body.enabled,
        disabled_reason=None if body.enabled else DisabledReason.BY_OWNER,
    )
    kept = store.create(webhook)
    deps().webhooks.listeners.forget()
    log_fields("webhook.created", webhook=kept.id, owner=owner)
    return Answer(body=WebhookWithSecret.of(kept), headers={"Location": path_of(kept.id)})


@routes.get("/v1/webhooks")
@Operation(
    summary="List webhooks",
    tag=TAG,
    query=WebhooksQuery,
    answer=WebhookList,
    problems=(InvalidPageToken, StoreUnavailable),
)
def list_webhooks(query: WebhooksQuery) -> WebhookList:
    """Newest first: your own, or with the role viewer or operator those of everybody."""
    owner = caller().webhook_owner_to_list()
    after = cursor_of(query.page_token, owner)
    found = deps().webhooks.store.list_webhooks(query.page_size, after, owner=owner)
    return WebhookList(
        webhooks=[WebhookResource.of(one) for one in found],
        next_page_token=next_page_token(found, query.page_size, owner),
    )


@routes.get("/v1/webhooks/<job_id:webhook_id>")
@Operation(
    summary="Get a webhook",
    tag=TAG,
    answer=WebhookResource,
    problems=(WebhookNotFound, MethodNotAllowed, StoreUnavailable),
)
def get_webhook(webhook_id: WebhookId) -> WebhookResource:
    """What it hears, and how it is doing. Its secret is not shown again."""
    return WebhookResource.of(readable_webhook(webhook_id))


@routes.patch("/v1/webhooks/<job_id:webhook_id>")
@Operation(
    summary="Update a webhook",
    tag=TAG,
    body=WebhookUpdate,
    admits=admission.webhook_owners,
    answer=WebhookResource,
    problems=(WebhookNotFound, MethodNotAllowed, VersionConflict, StoreUnavailable),
)
def update_webhook(webhook_id: WebhookId, body: WebhookUpdate) -> WebhookResource:
    """Changes what is given. Deliveries that wait go to the new URL."""
    webhook = changeable_webhook(webhook_id)
    given = {name: value for name, value in structs.asdict(body).items() if value is not UNSET}
    enabled = given.pop("enabled", None)
    if "url" in given:
        checked_url(given["url"], deps().settings.allowed_hosts, "$.url")
    for name in {"events", "types"} & given.keys():
        given[name] = tuple(given[name])

    def updated(webhook: Webhook) -> Webhook:
        changed = webhook.evolve(**given)
        if enabled is True and not webhook.enabled:
            changed = health.switched_on(changed)
        if enabled is False and webhook.enabled:
            changed = health.switched_off(changed, DisabledReason.BY_OWNER)
        return webhook if changed == webhook else changed

    return WebhookResource.of(change(deps().webhooks, webhook, updated, WebhookNotFound))


@routes.delete("/v1/webhooks/<job_id:webhook_id>")
@Operation(
    summary="Delete a webhook",
    tag=TAG,
    status=204,
    problems=(WebhookNotFound, MethodNotAllowed, VersionConflict, StoreUnavailable),
)
def delete_webhook(webhook_id: WebhookId) -> None:
    """Nothing more is sent to it; deliveries that wait fail."""
    webhook = changeable_webhook(webhook_id)
    deps().webhooks.store.delete(webhook)
    deps().webhooks.listeners.forget()
    log_fields("webhook.deleted", webhook=webhook.id, owner=webhook.owner, by=caller().member)


def readable_webhook(webhook_id: str) -> Webhook:
    """Raises `WebhookNotFound`, as well for what is no id and for the webhooks of others."""
    webhook = existing(webhook_id, deps().webhooks.get, WebhookNotFound)
    caller().check_read_webhook(webhook)
    return webhook


def changeable_webhook(webhook_id: str) -> Webhook:
    """Raises `WebhookNotFound`, and `PermissionDenied` to those who may only read it."""
    webhook = readable_webhook(webhook_id)
    caller().check_change_webhook(webhook)
    return webhook
