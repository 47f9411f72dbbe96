"""Looks at documents with Google's own client, from the process that measures."""

import urllib.request
from collections.abc import Collection, Mapping
from typing import Any

import grpc
from google.cloud.firestore_v1.services.firestore.client import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from bench.comparison.system import has_succeeded
from local.ports import LOOPBACK

CLEAR_SECONDS = 60.0


class FirestoreStore:
    """Documents of a collection `jobs`. The moment is the commit's, by the emulator's clock."""

    def __init__(self, project: str, port: int) -> None:
        self._jobs = f"projects/{project}/databases/(default)/documents/jobs"
        self._emptied = f"http://{LOOPBACK}:{port}/emulator/v1/{self._jobs.removesuffix('/jobs')}"
        self._channel = grpc.insecure_channel(f"{LOOPBACK}:{port}")
        self._client = FirestoreClient(transport=FirestoreGrpcTransport(channel=self._channel))

    def finished(self, job_ids: Collection[str]) -> Mapping[str, float]:
        if not job_ids:
            return {}
        request = {
            "database": self._jobs.removesuffix("/documents/jobs"),
            "documents": [f"{self._jobs}/{job_id}" for job_id in job_ids],
            "mask": {"field_paths": ["status"]},
        }
        owner = [("authorization", "Bearer owner")]
        moments = {}
        for answer in self._client.batch_get_documents(request=request, metadata=owner):
            document = answer.found
            if document.name and has_succeeded(document.fields["status"].string_value):
                saved: Any = document.update_time  # typed as protobuf's timestamp, which it is not
                moments[document.name.rpartition("/")[2]] = saved.timestamp()
        return moments

    def clear(self) -> None:
        """By a call of the emulator's own: it forgets the whole database."""
        asked = urllib.request.Request(self._emptied, method="DELETE")  # noqa: S310 - ours
        urllib.request.urlopen(asked, timeout=CLEAR_SECONDS).close()  # noqa: S310 - ours

    def close(self) -> None:
        self._channel.close()
