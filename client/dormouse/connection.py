"""The settings that both drivers share: URL, tokens, and the policy for repeating."""

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import httpx

from dormouse.calling import Policy
from dormouse.errors import ConfigurationError
from dormouse.identity.tokens import Tokens
from dormouse.steps import ConnectionLost, Request


def _version() -> str:
    try:
        return version("dormouse-client")
    except PackageNotFoundError:  # run from its sources
        return "0"


VERSION: Final = _version()

CONNECT_SECONDS: Final = 10.0
_UNSENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True)
class Connection:
    """One deployment and one caller."""

    url: str
    tokens: Tokens
    policy: Policy = field(default_factory=Policy)

    def prepared(self, request: Request, token: str) -> httpx.Request:
        """The request as it goes over the wire."""
        headers = {
            "Authorization": f"Bearer {token}",
            "User-Agent": f"dormouse-client/{VERSION}",
            **request.headers,
        }
        timeout = httpx.Timeout(request.seconds, connect=CONNECT_SECONDS)
        return httpx.Request(
            request.method,
            self.url + request.path,
            headers=headers,
            content=request.body,
            extensions={"timeout": timeout.as_dict()},
        )


def translated(error: httpx.RequestError | httpx.InvalidURL) -> Exception:
    """Our own error for one of httpx."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ConfigurationError(f"The service's URL can't be used: {error}.")
    said = str(error) or type(error).__name__
    return ConnectionLost(said, was_sent=not isinstance(error, _UNSENT))
