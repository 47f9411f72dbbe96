"""What a caller can say about a job, wherever it says so: submissions, schedules, triggers.

A new setting of this kind is declared here, decoded in `api/jobs/requests.py`, taken over in
`api/jobs/orders.py`, and shown by `api/jobs/resources.py`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from jobs.job.retry import RetryPolicy


class JobSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The work and how to go about it. None stands for the job type's own.

    `payload` is a JSON text, kept as it came. `retry` is the caller's own policy. `notify` is a URL
    that wants to hear how the job ended.
    """

    type: str
    payload: msgspec.Raw
    labels: Mapping[str, str] = {}
    max_attempts: int | None = None
    retry: RetryPolicy | None = None
    notify: str | None = None

    def fields(self) -> dict[str, Any]:
        """The specification's own fields by name, also of a struct that has more."""
        return {name: getattr(self, name) for name in JobSpec.__struct_fields__}

    def canonical(self) -> dict[str, Any]:
        """Equal for equal specifications, however their JSON is written."""
        return self.fields() | {
            "payload": msgspec.json.decode(self.payload),
            "labels": dict(self.labels),
        }
