"""Headers that every answer has, whatever its view.

https://owasp.org/www-project-secure-headers/
"""

from collections.abc import Mapping
from typing import Final

from flask import Flask, Response

ALWAYS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    # Of no effect over http, so a local run needs no exception. RFC 6797, section 8.1.
    "Strict-Transport-Security": "max-age=31536000",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
UNLESS_SET: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    # An answer is data: a browser that shows it as a page runs and loads nothing.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A page with forms sets another: under this one a browser sends them with `Origin: null`.
    "Referrer-Policy": "no-referrer",
}


def add_response_headers(app: Flask) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update(ALWAYS)
        # `setdefault` raises and catches an HTTP error for each header that is not there.
        present = {name.lower() for name, _ in response.headers}
        for name, value in UNLESS_SET.items():
            if name.lower() not in present:
                response.headers.add(name, value)
        return response
