"""Who may call which path: each by its own service account, with a token made for that path.

Eventarc's tokens are made for the service as a whole: docs/decisions/0068-eventarcs-audience.md.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from flask import Flask, Response, request

from identity.bearer import bearer_token
from identity.errors import IdentityUnavailable, PermissionDenied, Unauthenticated
from identity.stripped import is_stripped, principal_of_stripped
from identity.tokens import Verifier
from jobs.settings.settings import Settings
from jobs.telemetry.log import log

OPEN: Final = frozenset({"/livez"})
EVENTS: Final = "/events"
TRIGGERS: Final = "/triggers/"
CHECKED_FIRST: Final = "X-Serverless-Authorization"
"""Where this header is, Cloud Run checks its token and leaves that in `Authorization` unchecked.

https://cloud.google.com/run/docs/authenticating/service-to-service
"""


def accounts(settings: Settings, triggers: Iterable[str] = ()) -> Mapping[str, str]:
    """The service account that each path belongs to; `triggers` are the deployment's, by name."""
    return {
        "/jobs": settings.push_account,
        "/dead-letters": settings.push_account,
        "/sweep": settings.scheduler_account,
        EVENTS: settings.eventarc_account,
        **{TRIGGERS + name: settings.eventarc_account for name in triggers},
    }


def audiences(settings: Settings, path: str, host: str) -> list[str]:
    """What a token for this path may be made for, in a request that was sent to this host."""
    mine = settings.worker_audience
    if path != EVENTS and not path.startswith(TRIGGERS):
        return [mine + path]
    # The URL with a hash in it, which Terraform can't know before the service is there.
    by_cloud_run = rf"{re.escape(settings.service)}-[a-z0-9.-]+\.run\.app"
    called = settings.service and re.fullmatch(by_cloud_run, host)
    services = [mine, f"https://{host}"] if called else [mine]
    return [service + part for service in services for part in ("", path)]


def authenticate_requests(
    app: Flask,
    settings: Settings,
    verifier: Verifier,
    now: Callable[[], datetime],
    triggers: Iterable[str] = (),
) -> None:
    """Check the token of every request. A path that is in no table is shut."""
    by_path = accounts(settings, triggers)

    @app.before_request
    def check() -> None:
        if request.path in OPEN:
            return
        account = by_path.get(request.path)
        if not account:
            raise PermissionDenied
        # The token that Cloud Run checked is the one that counts: another beside it may be forged.
        headers = request.headers
        token = bearer_token(headers.get(CHECKED_FIRST, headers.get("Authorization")))
        made_for = audiences(settings, request.path, request.host)
        if not is_stripped(token):
            principal = verifier.verify(token, made_for)
        elif settings.signature_checked_by_cloud_run:
            principal = principal_of_stripped(token, made_for, now())
        else:
            raise Unauthenticated("Cloud Run has removed the token's signature: docs/settings.md.")
        if principal.email != account.lower():
            raise PermissionDenied

    @app.errorhandler(Unauthenticated)
    def unauthenticated(error: Unauthenticated) -> Response:
        log.warning("caller refused at %s: %s", request.path, error)
        return Response(str(error), 401, content_type="text/plain")

    @app.errorhandler(PermissionDenied)
    def denied(error: PermissionDenied) -> Response:
        log.warning("caller refused at %s: %s", request.path, error)
        return Response(str(error), 403, content_type="text/plain")

    @app.errorhandler(IdentityUnavailable)
    def unavailable(error: IdentityUnavailable) -> Response:
        return Response(str(error), 503, content_type="text/plain")
