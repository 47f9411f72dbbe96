"""The work itself, one file for each job type. `docs/adding-a-job-type.md` says how to add one.

Both services import this: the API to validate payloads, the worker to run them. So a handler's
heavy libraries are imported inside its function.
"""

from typing import Any

from handlers import http_request, image_thumbnail, table_profile, webhook_deliver
from jobs.job_types import JobType, Registry

JOB_TYPES: list[JobType[Any, Any]] = [
    http_request.call,
    image_thumbnail.thumbnail,
    table_profile.profile,
    webhook_deliver.deliver,
]

REGISTRY = Registry(JOB_TYPES)
