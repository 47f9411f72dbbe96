"""Keeps pages of other sites away from a service that gives a token to whoever asks.

A page can have its own name point to 127.0.0.1 and then read what is served there (DNS rebinding),
or send a form across sites. Both show in headers that a page can't set itself.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

_NAMES: Final = frozenset({"localhost", "metadata.google.internal"})


def refuse_websites(app: Flask) -> None:
    """403 for a `Host` that a website may have, and for an `Origin` that isn't the service's."""

    @app.before_request
    def refuse() -> None:
        if not _is_ours(request.host):
            abort(Response("This host name is not one of the local cloud's.\n", 403))
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            abort(Response("Pages of other sites may not call the local cloud.\n", 403))


def _is_ours(host: str) -> bool:
    """A name without a dot is one of Docker's network; no website can have it, nor an address."""
    name = urlsplit(f"//{host}").hostname or ""
    if name in _NAMES or "." not in name.rstrip("."):
        return bool(name)
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
