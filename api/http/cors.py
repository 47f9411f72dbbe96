"""Which other web pages may call: none, unless the deployment names their origins.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Collection
from typing import Final

from flask import Flask, Response, request

from api.http import idempotency

PREFLIGHT_SECONDS: Final = 600
_METHODS: Final = "GET, POST, PATCH, DELETE"
_REQUEST_HEADERS: Final = (
    f"Authorization, Content-Type, {idempotency.HEADER}, Last-Event-ID, traceparent"
)
_ANSWER_HEADERS: Final = f"Location, Retry-After, X-Request-Id, {idempotency.REPLAYED}"


def allow_origins(app: Flask, origins: Collection[str]) -> None:
    """Must come before callers are admitted: a browser asks first, and without a token.

    Without origins nothing is added. Credentials that a browser keeps are never allowed: a page
    sends its user's token itself.
    """
    if not origins:
        return

    @app.before_request
    def answer_preflight() -> Response | None:
        asks = "Origin" in request.headers and "Access-Control-Request-Method" in request.headers
        if request.method != "OPTIONS" or not asks:
            return None
        response = Response(status=204)
        del response.headers["Content-Type"]
        if request.headers["Origin"] in origins:
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
            response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return response

    @app.after_request
    def allow(response: Response) -> Response:
        # A cache must not give one origin's answer to another.
        response.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _ANSWER_HEADERS
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
