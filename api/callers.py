"""Lets callers in: every view asks for a verified caller with a role, unless it is public."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, current_app, g, request

from api.access import Caller
from api.dependencies import deps
from identity.errors import Unauthenticated

PUBLIC: Final = "public"
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)

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
        found = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        if not found:
            raise Unauthenticated
        principal = deps().verifier.verify(found[1], deps().settings.api_audiences)
        g.caller = deps().access.caller(principal)
