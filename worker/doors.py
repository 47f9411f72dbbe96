"""Who may call which path: each by its own service account, with a token made for that path."""

from collections.abc import Mapping

from flask import Flask, Response, request

from identity.errors import IdentityUnavailable, PermissionDenied, Unauthenticated
from identity.tokens import Verifier
from jobs.settings import Settings

OPEN = frozenset({"/livez"})


def accounts(settings: Settings) -> Mapping[str, str]:
    """The service account that each path belongs to."""
    return {
        "/tickets": settings.push_account,
        "/dead-letters": settings.push_account,
        "/sweep": settings.scheduler_account,
    }


def guard_doors(app: Flask, settings: Settings, verifier: Verifier) -> None:
    """Check the token of every request. A path that is in no table is shut."""
    by_path = accounts(settings)

    @app.before_request
    def check() -> None:
        if request.path in OPEN:
            return
        account = by_path.get(request.path)
        if not account:
            raise PermissionDenied
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        audience = settings.worker_audience + request.path
        if verifier.verify(token.strip(), [audience]).email != account.lower():
            raise PermissionDenied

    @app.errorhandler(Unauthenticated)
    def unauthenticated(error: Unauthenticated) -> Response:
        return Response(str(error), 401, content_type="text/plain")

    @app.errorhandler(PermissionDenied)
    def denied(error: PermissionDenied) -> Response:
        return Response(str(error), 403, content_type="text/plain")

    @app.errorhandler(IdentityUnavailable)
    def unavailable(error: IdentityUnavailable) -> Response:
        return Response(str(error), 503, content_type="text/plain")
