"""Lets callers in: every view asks for a verified caller with a role, unless it is public."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, current_app, g, request

from api.auth.access import Caller
from api.dependencies import deps
from identity.bearer import bearer_token
from identity.errors import Unauthenticated
from identity.issuers import Identity

PUBLIC: Final = "public"
USERINFO: Final = "X-Apigateway-Api-Userinfo"
"""Whom API Gateway verified: the claims in base64url.

https://cloud.google.com/api-gateway/docs/passing-data
"""

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that asks for no token."""
    setattr(view, PUBLIC, True)
    return view


def caller() -> Caller:
    """Who makes this request."""
    found: Caller = g.caller
    return found


def admit_callers(app: Flask) -> None:
    """Check the token of every request before its view, whatever its view is."""

    @app.before_request
    def admit() -> None:
        # An unknown path is left to Flask, which answers 404 or 405 without any view.
        view = current_app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, PUBLIC, False):
            return
        g.caller = deps().access.caller(_identity())


def _identity() -> Identity:
    settings, issuers = deps().settings, deps().issuers
    token = bearer_token(request.headers.get("Authorization"))
    identity = issuers.verify(token, settings.api_audiences)
    gateway = settings.gateway_account.lower()
    if not gateway or identity.member != f"serviceAccount:{gateway}":
        # Whoever else sends the gateway's header made it up: it is not looked at.
        return identity
    userinfo = request.headers.get(USERINFO)
    if userinfo is None:
        raise Unauthenticated("The gateway did not say who calls.")
    return issuers.believe(userinfo, settings.api_audiences, deps().runtime.now())
