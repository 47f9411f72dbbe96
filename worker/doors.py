"""Who may call which path: each by its own service account, with a token made for that path."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from flask import Flask, Response, request

from identity.bearer import bearer_token
from identity.errors import IdentityUnavailable, PermissionDenied, Unauthenticated
from identity.stripped import is_stripped, principal_of_stripped
from identity.tokens import Verifier
from jobs.log import log
from jobs.settings import Settings

OPEN: Final = frozenset({"/livez"})
CHECKED_FIRST: Final = "X-Serverless-Authorization"
"""Where this header is, Cloud Run checks its token and leaves that in `Authorization` unchecked.

https://cloud.google.com/run/docs/authenticating/service-to-service
"""


def accounts(settings: Settings) -> Mapping[str, str]:
    """The service account that each path belongs to."""
    return {
        "/tickets": settings.push_account,
        "/dead-letters": settings.push_account,
        "/sweep": settings.scheduler_account,
    }


def guard_doors(
    app: Flask, settings: Settings, verifier: Verifier, now: Callable[[], datetime]
) -> None:
    """Check the token of every request. A path that is in no table is shut."""
    by_path = accounts(settings)

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
        audiences = [settings.worker_audience + request.path]
        if not is_stripped(token):
            principal = verifier.verify(token, audiences)
        elif settings.signature_checked_by_cloud_run:
            principal = principal_of_stripped(token, audiences, now())
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
