"""A caller of the local system: gets itself a token and uses the API over HTTP."""

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from local.cloud.settings import API_AUDIENCE, DEFAULT_ACCOUNT

_SECONDS = 10.0
WAIT_SECONDS = 1
"""How long one request waits for a job: short, so that Ctrl-C is not kept waiting."""


class LocalClient:
    """Raises `urllib.error.URLError` where the local system does not answer."""

    def __init__(self, api_url: str, cloud_url: str) -> None:
        self._api_url = api_url
        self._cloud_url = cloud_url

    def token(self, email: str = DEFAULT_ACCOUNT, audience: str = API_AUDIENCE) -> str:
        """An identity token, from the local cloud's metadata server."""
        account = urllib.parse.quote(email, safe="@")
        query = urllib.parse.urlencode({"audience": audience, "format": "full"})
        path = f"/computeMetadata/v1/instance/service-accounts/{account}/identity?{query}"
        asked = urllib.request.Request(  # noqa: S310 - ours
            self._cloud_url + path, headers={"Metadata-Flavor": "Google"}
        )
        with urllib.request.urlopen(asked, timeout=_SECONDS) as response:  # noqa: S310 - ours
            return str(response.read().decode())

    def run(
        self, job_type: str, payload: dict[str, Any], seconds: float, pause: Callable[[], None]
    ) -> dict[str, Any]:
        """Submit a job and return it when it is finished, or as it is after so many seconds.

        `pause` is called between two looks at the job.
        """
        job = self._call("POST", "/v1/jobs", {"type": job_type, "payload": payload})
        until = time.monotonic() + seconds
        while job["finished_at"] is None and time.monotonic() < until:
            pause()
            job = self._call("GET", f"/v1/jobs/{job['id']}?wait={WAIT_SECONDS}")
        return job

    def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        asked = urllib.request.Request(  # noqa: S310 - ours
            self._api_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token()}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(asked, timeout=_SECONDS) as response:  # noqa: S310 - ours
            answer: dict[str, Any] = json.loads(response.read())
        return answer
