"""From what a caller sent to what `jobs` takes."""

from datetime import timedelta

from flask import g
from msgspec import UNSET, structs

from api.auth.callers import caller
from api.dependencies import deps
from api.jobs.requests import JobTemplate, Retry, Submission
from api.jobs.resources import NotifyTarget
from api.webhooks.urls import checked_url
from jobs.errors import InvalidRequest
from jobs.job.order import Order
from jobs.job.retry import RetryPolicy
from jobs.job.spec import JobSpec


def order_of(submission: Submission, idempotency_key: str | None) -> Order:
    """The caller's order. Raises `InvalidRequest`, `UnknownJobType`."""
    delay = submission.delay_seconds
    return Order(
        spec=spec_of(submission),
        owner=caller().member,
        run_at=submission.run_at,
        delay=None if delay is None else timedelta(seconds=delay),
        idempotency_key=idempotency_key,
        trace=g.traceparent,
    )


def spec_of(template: JobTemplate) -> JobSpec:
    """What the caller says of the job itself. Raises `InvalidRequest`, `UnknownJobType`."""
    return JobSpec(
        type=template.type,
        payload=template.payload.copy(),
        labels=template.labels,
        max_attempts=template.max_attempts,
        retry=_policy_of(template.type, template.retry),
        notify=_notify_of(template.notify),
    )


def _notify_of(target: NotifyTarget | None) -> str | None:
    """The URL that is to be told. Raises `InvalidRequest`."""
    if target is None:
        return None
    return checked_url(target.url, deps().settings.allowed_hosts, "$.notify.url")


def _policy_of(job_type: str, retry: Retry | None) -> RetryPolicy | None:
    """The job type's policy with what the caller wants instead. Raises as `order_of`."""
    if retry is None:
        return None
    own = deps().registry.get(job_type).retry
    given = {name: value for name, value in structs.asdict(retry).items() if value is not UNSET}
    try:
        return structs.replace(own, **given)
    except ValueError as error:
        raise InvalidRequest(f"The body can't be taken: {error} - at `$.retry`") from error
