"""A caller that does not give up: what it was promised is what the system is held to."""

import http.client
import threading
import time
import uuid
from typing import Any

import msgspec

from local.client import LocalClient
from local.ports import LOOPBACK, Ports
from local.services import url

_TIMEOUT_SECONDS = 30.0
_PAUSE_SECONDS = 0.2


class Caller:
    """Uses the API from several threads, each on a connection of its own."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._local = threading.local()
        self._connections: list[http.client.HTTPConnection] = []
        self.token = LocalClient(url(ports.api), url(ports.local)).token()

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def submit(self, job_type: str, payload: dict[str, Any], **more: Any) -> tuple[str, float]:
        """Submit until it is acknowledged, under one key. Returns the id and when that was."""
        key = uuid.uuid4().hex
        body = {"type": job_type, "payload": payload, **more}
        while True:
            status, answer = self._call("POST", "/v1/jobs", body, {"Idempotency-Key": key})
            if status == http.HTTPStatus.ACCEPTED:
                return answer["id"], time.time()
            time.sleep(_PAUSE_SECONDS)

    def cancel(self, job_id: str) -> None:
        """Ask once; whether it comes in time is the race."""
        self._call("POST", f"/v1/jobs/{job_id}:cancel", None, {})

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        """Status and body of the answer; status 0 where there was none."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(
                LOOPBACK, self._ports.api, timeout=_TIMEOUT_SECONDS
            )
            self._local.connection = connection
            self._connections.append(connection)
        headers = {**headers, "Authorization": f"Bearer {self.token}"}
        try:
            data = None if body is None else msgspec.json.encode(body)
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._local.connection = None
            return 0, None
        return response.status, msgspec.json.decode(text) if text else None
