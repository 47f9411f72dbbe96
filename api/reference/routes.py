"""/openapi.json, /docs, and the way there from /."""

from typing import Final

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from api.auth.callers import public
from api.http.decoding import JSON
from api.reference.reference import Reference

routes = Blueprint("reference", __name__)
EXTENSION: Final = "reference"
"""Where the application's extensions hold its `Reference`."""


@routes.get("/")
@public
def home() -> AnyResponse:
    return redirect(url_for("reference.get_docs"))


@routes.get("/openapi.json")
@public
def get_openapi() -> Response:
    return _cacheable(Response(_reference().document, content_type=JSON))


@routes.get("/docs")
@public
def get_docs() -> Response:
    page = _reference().page
    response = Response(page.at(_origin()), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = page.security_policy
    response.headers["Referrer-Policy"] = "no-referrer"
    return _cacheable(response)


def _reference() -> Reference:
    found: Reference = current_app.extensions[EXTENSION]
    return found


def _origin() -> str:
    """Where the reader reached this service; Cloud Run ends TLS before it."""
    is_https = request.headers.get("X-Forwarded-Proto") == "https"
    return f"{'https' if is_https else request.scheme}://{request.host}"


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
