"""Somebody who uses the system: a name, and calls in it."""

from dataclasses import dataclass, field
from typing import Any

import requests

SECONDS = 60.0


@dataclass
class Person:
    api: str
    cloud: str
    email: str
    session: requests.Session = field(default_factory=requests.Session)
    _token: str = ""

    @property
    def token(self) -> str:
        if not self._token:
            path = f"/computeMetadata/v1/instance/service-accounts/{self.email}/identity"
            answer = self.session.get(
                self.cloud + path,
                params={"audience": "dormouse-api"},
                headers={"Metadata-Flavor": "Google"},
                timeout=SECONDS,
            )
            answer.raise_for_status()
            self._token = answer.text
        return self._token

    def send(
        self, method: str, path: str, data: bytes | None = None, seconds: float = SECONDS
    ) -> int:
        """Any bytes; the answer's status."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        answer = requests.request(
            method, self.api + path, data=data, headers=headers, timeout=(SECONDS, seconds)
        )
        return answer.status_code

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.session.request(
            method,
            self.api + path,
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=SECONDS,
        )
        return answer.json() if answer.content else None

    def submit(self, job_type: str, payload: Any, **more: Any) -> Any:
        """The API's answer: a job, or a problem."""
        return self.call("POST", "/v1/jobs", {"type": job_type, "payload": payload, **more})

    def finished(self, job_id: str) -> Any:
        for _ in range(10):
            job = self.call("GET", f"/v1/jobs/{job_id}?wait=20")
            if job["finished_at"]:
                return job
        return job
