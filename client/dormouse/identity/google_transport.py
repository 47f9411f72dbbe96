"""google-auth's calls by httpx, so that no second HTTP library is needed."""

from collections.abc import Mapping
from typing import Any

import httpx
from google.auth import exceptions, transport


class HttpxResponse(transport.Response):
    """A response in the form that google-auth reads."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in any case."""
        return self._response.headers

    @property
    def data(self) -> bytes:
        """The body."""
        return self._response.content


class HttpxRequest(transport.Request):
    """Sends one request. Raises google-auth's `TransportError`."""

    def __init__(self, over: httpx.BaseTransport | None = None) -> None:
        self._over = over

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> HttpxResponse:
        """As google-auth asks for it; `timeout` is in seconds."""
        try:
            with httpx.Client(timeout=timeout or 30.0, transport=self._over) as http:
                return HttpxResponse(
                    http.request(method, url, content=body, headers=dict(headers or {}))
                )
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise exceptions.TransportError(error) from error
