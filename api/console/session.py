"""Who looks at a page: an identity token in a cookie that only this site gets, and no script."""

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from api.auth.access import Caller
from api.dependencies import deps
from identity.errors import PermissionDenied

SESSION: Final = "__Host-dormouse"
ATTEMPT: Final = "__Host-dormouse-sign-in"
ATTEMPT_SECONDS: Final = 600
THEME: Final = "__Host-dormouse-theme"
THEME_SECONDS: Final = 400 * 86_400
"""As long as browsers keep any cookie (RFC 6265bis, 5.5)."""
FIELD: Final = "csrf"


def origin() -> str:
    """Where the reader reached this service; Cloud Run ends TLS before it."""
    is_https = request.headers.get("X-Forwarded-Proto") == "https"
    return f"{'https' if is_https else request.scheme}://{request.host}"


def token() -> str:
    """The identity token of who looks, or "". Verified by whatever it is used for."""
    return request.cookies.get(SESSION, "")


def caller() -> Caller:
    """Who looks, and with which roles. Raises `Unauthenticated`, `PermissionDenied`."""
    identity = deps().issuers.verify(token(), deps().settings.api_audiences)
    return deps().access.caller(identity)


def theme() -> str:
    """`light`, `dark`, or "" for the system's."""
    chosen = request.cookies.get(THEME, "")
    return chosen if chosen in {"light", "dark"} else ""


def keep(response: AnyResponse, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie that no script, no other site and no other host gets."""
    response.set_cookie(
        name, value, max_age=seconds, secure=True, httponly=True, samesite="Lax", path="/"
    )


def forget(response: AnyResponse, name: str) -> None:
    response.delete_cookie(name, secure=True, httponly=True, samesite="Lax", path="/")


def proof(secret: str) -> str:
    """What a form of this session carries, and a page of another site can't know."""
    return hmac.new(secret.encode(), token().encode(), hashlib.sha256).hexdigest()


def check_form(secret: str) -> None:
    """Raises `PermissionDenied` for a form that isn't one of this session's pages."""
    sent_from = request.headers.get("Origin")
    if sent_from is not None and urlsplit(sent_from).netloc != request.host:
        raise PermissionDenied("The form is another site's.")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise PermissionDenied("The form is another site's.")
    if not hmac.compare_digest(request.form.get(FIELD, ""), proof(secret)):
        raise PermissionDenied("The form has expired. Load the page again.")


def page(html: str, status: int = 200) -> Response:
    """A page that runs and loads what this service serves, and nothing else."""
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
        " img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    # Forms must say where they come from.
    response.headers["Referrer-Policy"] = "same-origin"
    return response
