"""New secrets: of a webhook, and of a principal's notifications."""

from flask import Blueprint

from api.auth.callers import caller
from api.dependencies import deps
from api.http.operation import Operation
from api.webhooks.requests import WebhookId
from api.webhooks.resources import FreshSecret
from api.webhooks.routes import TAG, readable_webhook
from jobs.errors import StoreUnavailable, VersionConflict
from jobs.job.change import change
from jobs.telemetry.log import log_fields
from jobs.webhooks.keys import rotate_notify_key
from jobs.webhooks.model import Webhook, WebhookNotFound
from jobs.webhooks.signing import new_secret

routes = Blueprint("webhook_secrets", __name__)


@routes.post("/v1/webhooks/<job_id:webhook_id>:rotateSecret")
@Operation(
    summary="Rotate a webhook's secret",
    tag=TAG,
    answer=FreshSecret,
    problems=(WebhookNotFound, VersionConflict, StoreUnavailable),
)
def rotate_webhook_secret(webhook_id: WebhookId) -> FreshSecret:
    """The new secret signs from now on, and the old one beside it for a day. For its owner only."""
    webhook = readable_webhook(webhook_id)
    caller().check_secret_of_webhook(webhook)
    fresh, now = new_secret(deps().runtime.random_bytes), deps().runtime.now()

    def rotated(webhook: Webhook) -> Webhook:
        return webhook.evolve(secrets=webhook.secrets.rotated(fresh, now))

    kept = change(deps().webhooks, webhook, rotated, WebhookNotFound)
    log_fields("webhook.secret_rotated", webhook=kept.id, owner=kept.owner)
    return FreshSecret.of(kept.secrets)


@routes.post("/v1/me:rotateNotifySecret")
@Operation(
    summary="Rotate the secret of your notifications",
    tag=TAG,
    answer=FreshSecret,
    problems=(VersionConflict, StoreUnavailable),
)
def rotate_notify_secret() -> FreshSecret:
    """What signs the notifications that your jobs ask for by `notify`: one secret for all of them.

    Call it once to get to know the secret, and again for another one; the old one then signs beside
    it for a day.
    """
    caller().check_own_webhooks()
    key = rotate_notify_key(
        deps().webhooks.store, caller().member, deps().runtime.now(), deps().runtime.random_bytes
    )
    log_fields("notify.secret_rotated", owner=key.owner)
    return FreshSecret.of(key.secrets)
