"""What a caller's submissions count against, before anything is made of them."""

from collections.abc import Mapping

from api.auth.callers import caller
from api.dependencies import deps
from api.http.errors import RateLimited, TooManyOpenJobs
from api.limits.submit_rate import LIMIT, POLICY

PROBLEMS = (RateLimited, TooManyOpenJobs)
HEADERS = {
    POLICY: "Where submissions are limited: how many jobs (`q`) in how many seconds (`w`).",
    LIMIT: "How many of them are left (`r`), and in how many seconds all will be again (`t`).",
}


def count_submissions(jobs: int) -> Mapping[str, str]:
    """Count so many jobs of this request's caller. Returns headers for the answer.

    Raises `RateLimited`, `TooManyOpenJobs`, `StoreUnavailable`.
    """
    headers = deps().submit_rate.take(caller().member, jobs)
    deps().open_jobs.add(caller().member, jobs)
    return headers
