"""The span of an HTTP request, by OpenTelemetry's conventions.

https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from opentelemetry.trace import Span, SpanKind, Tracer

from jobs.telemetry.context import context_of, fail, span_of, traceparent_of

_HEADER = "HTTP_TRACEPARENT"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class TracedRequests:
    """Puts its own span in place of the caller's: what the request makes is in that span's trace.

    The span ends when the application returns, as spans leave before the response does.
    """

    def __init__(self, app: WSGIApplication, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        attributes = {
            "http.request.method": method if method in _METHODS else "_OTHER",
            "url.path": environ["PATH_INFO"],
            "url.scheme": environ["wsgi.url_scheme"],
        }
        parent = context_of(environ.get(_HEADER))
        name = method if method in _METHODS else "HTTP"
        with span_of(self._tracer, name, SpanKind.SERVER, attributes, parent) as span:
            environ[_HEADER] = traceparent_of(span)

            def start(status: str, *more: Any) -> Callable[[bytes], object]:
                if route := _route(environ):
                    span.set_attribute("http.route", route)
                    span.update_name(f"{name} {route}")
                _note_status(span, int(status[:3]))
                return start_response(status, *more)

            return self._app(environ, start)


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fail(span, str(status))


def _route(environ: WSGIEnvironment) -> str | None:
    """The rule of Werkzeug's request, which is to be found here until it has been answered."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else None
