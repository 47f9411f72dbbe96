r"""Submit durable jobs to a Dormouse API, and await them.

from dormouse import Dormouse

with Dormouse("https://api.example.com") as dormouse:
job = dormouse.submit("table.profile", {"text": "city\nBern\n"})
print(job.result(timeout=60))
"""

from dormouse.async_client import AsyncDormouse
from dormouse.async_job import AsyncJob
from dormouse.client import Dormouse
from dormouse.errors import (
    ConfigurationError,
    DormouseError,
    IdentityError,
    JobCancelled,
    JobEnded,
    JobFailed,
    NotFinished,
    NotFound,
    NotReached,
    PermissionDenied,
    RemoteError,
    ResultMismatch,
    SubmissionsFailed,
    Unauthenticated,
    UnexpectedAnswer,
)
from dormouse.job import Job
from dormouse.model import JobEvent, JobState, RetryPolicy
from dormouse.submissions import Submission

__all__ = [
    "AsyncDormouse",
    "AsyncJob",
    "ConfigurationError",
    "Dormouse",
    "DormouseError",
    "IdentityError",
    "Job",
    "JobCancelled",
    "JobEnded",
    "JobEvent",
    "JobFailed",
    "JobState",
    "NotFinished",
    "NotFound",
    "NotReached",
    "PermissionDenied",
    "RemoteError",
    "ResultMismatch",
    "RetryPolicy",
    "Submission",
    "SubmissionsFailed",
    "Unauthenticated",
    "UnexpectedAnswer",
]
