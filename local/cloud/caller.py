"""Calls the worker as Google's infrastructure does: over HTTP, with a signed identity token."""

from collections.abc import Mapping

import urllib3

from local.cloud.identity import Issuer
from local.cloud.settings import CloudSettings

CONNECT_SECONDS = 5.0
UNREACHABLE = 503
"""What Cloud Run answers for a service that has no instance to take the request."""


class WorkerCaller:
    """Safe for threads; connections are kept and shared."""

    def __init__(self, settings: CloudSettings, issuer: Issuer) -> None:
        self._settings = settings
        self._issuer = issuer
        self._http = urllib3.PoolManager(maxsize=settings.push_concurrency + 4)

    def post(
        self,
        path: str,
        *,
        account: str,
        seconds: float,
        headers: Mapping[str, str],
        body: bytes,
        for_path: bool = True,
    ) -> int:
        """The worker's status, or `UNREACHABLE` if none came within so many seconds.

        The token is made for the path, or else for the service as a whole.
        """
        audience = self._settings.worker_audience + (path if for_path else "")
        token = self._issuer.token(account, audience)
        try:
            response = self._http.request(
                "POST",
                f"{self._settings.worker_url}{path}",
                body=body,
                headers={**headers, "Authorization": f"Bearer {token}"},
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=seconds),
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return UNREACHABLE
        return response.status

    def close(self) -> None:
        self._http.clear()
