"""/v1/jobs/{id}/events: a job as it goes on, as server-sent events."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated, Final

from flask import Blueprint, Response, request
from msgspec import Meta

from api.auth.callers import caller
from api.auth.lookup import readable_job
from api.dependencies import deps
from api.http.errors import TooManyWatchers
from api.http.operation import Operation
from api.http.values import JobId
from api.watching import server_sent_events as wire
from api.watching.job_events import EVENTS, Place, end_of, news_of
from api.watching.job_watches import Watch
from jobs.errors import JobNotFound, StoreUnavailable
from jobs.job.model import Job

routes = Blueprint("job_watching", __name__)

HEARTBEAT_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 300.0
RETRY_MILLISECONDS: Final = 2000
LAST_EVENT_ID: Final = "Last-Event-ID"

LastEventId = Annotated[
    str,
    Meta(
        description="The `id` of the last event that you have: goes on behind it, at any instance."
    ),
]


@routes.get("/v1/jobs/<job_id:job_id>/events")
@Operation(
    summary="Watch a job",
    tag="Jobs",
    events=EVENTS,
    request_headers={LAST_EVENT_ID: LastEventId},
    also={204: "You have had the last event: don't connect again."},
    problems=(JobNotFound, TooManyWatchers, StoreUnavailable),
)
def watch_job(job_id: JobId) -> Response:
    """Its status, its progress and the lines of its log as server-sent events, as they change.

    What the job holds comes at once, and then what is new, at most a second late. States between
    two looks are passed over, but no line that the job holds. `end` is the last event. After five
    minutes, or when the instance must stop, the answer ends without it: connect again with
    `Last-Event-ID`, and it goes on where it stopped. Comments keep the connection alive.
    """
    place = Place.of(request.headers.get(LAST_EVENT_ID, ""))
    with ExitStack() as held:
        if not held.enter_context(deps().seats.seat(caller().member)):
            raise TooManyWatchers
        watch = held.enter_context(deps().job_watches.watching(job_id))
        # Who has been told of a state must not be told of an earlier one, by another instance.
        get = watch.recent if place == Place() else watch.look
        job = readable_job(job_id, lambda _: get())
        if job.is_terminal and not any(news_of(job, place)):
            return Response(status=204)
        response = Response(_stream(watch, job, place), content_type=wire.MEDIA_TYPE)
        # For proxies on the way that would collect an answer before they hand it on.
        response.headers["X-Accel-Buffering"] = "no"
        response.call_on_close(held.pop_all().close)
        return response


def _stream(watch: Watch, job: Job, place: Place) -> Iterator[bytes]:
    end = watch.boot_time() + LONGEST_SECONDS
    yield wire.retry(RETRY_MILLISECONDS)
    while True:
        for name, data, behind in news_of(job, place):
            place = behind
            yield wire.event(name, data, str(place))
        left = end - watch.boot_time()
        if job.is_terminal or watch.stops or left <= 0:
            return
        latest = watch.next(job, min(HEARTBEAT_SECONDS, left))
        if latest is None:
            name, data, place = end_of(job, None, place)
            yield wire.event(name, data, str(place))
            return
        if latest is job:
            yield wire.HEARTBEAT
        job = latest
