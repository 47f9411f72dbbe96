"""When a call is repeated, after how long, and when it is given up: without any network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx
import msgspec
import pytest
from dormouse import (
    Dormouse,
    NotReached,
    PermissionDenied,
    RemoteError,
    Unauthenticated,
    UnexpectedAnswer,
)
from dormouse.calling import Answer, Call, Policy, call
from dormouse.model import JobState
from dormouse.operations import jobs, waiting
from dormouse.resource_model import Me
from dormouse.server_sent_events import EventParser
from dormouse.steps import ConnectionLost, Effect, ForgetToken, Response, Send, Sleep, Steps
from dormouse.submissions import Submission
from dormouse.testing import FakeContext, FakeDormouse
from hypothesis import given
from hypothesis.strategies import DataObject, data, integers, sets


@dataclass
class World:
    """Answers effects with what is prepared, and lets its clock go on while somebody sleeps."""

    answers: list[Response | ConnectionLost]
    time: float = 0.0
    slept: list[float] = field(default_factory=list)
    sent: list[Send] = field(default_factory=list)
    forgotten: int = 0

    @property
    def policy(self) -> Policy:
        return Policy(60.0, clock=lambda: self.time, now=lambda: 1e9, jitter=lambda: 1.0)

    def run(self, steps: Steps[Any]) -> Any:
        effect: Effect = next(steps)
        try:
            while True:
                effect = self._bring_about(effect, steps)
        except StopIteration as end:
            return end.value

    def _bring_about(self, effect: Effect, steps: Steps[Any]) -> Effect:
        if isinstance(effect, Sleep):
            self.slept.append(effect.seconds)
            self.time += effect.seconds
        elif isinstance(effect, ForgetToken):
            self.forgotten += 1
        elif isinstance(effect, Send):
            self.sent.append(effect)
            # The last one stands for all that follow.
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
        return steps.send(None)


def problem(status: int, code: str, retryable: bool = False, **headers: str) -> Response:
    body = {"code": code, "detail": "so it is", "retryable": retryable, "request_id": "r"}
    return Response(
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        msgspec.json.encode(body),
    )


LOST = ConnectionLost("reset", was_sent=True)
UNSENT = ConnectionLost("refused", was_sent=False)
OK = Response(200, {}, b"{}")
GET = Call("GET", "/v1/me")
ONCE = Call("POST", "/v1/webhooks", repeatable=False)


@pytest.mark.parametrize(
    "fault",
    [
        LOST,
        UNSENT,
        problem(503, "store_unavailable", retryable=True),
        problem(429, "rate_limited", retryable=True),
        problem(409, "version_conflict", retryable=True),
        Response(502, {}, b"<html>Bad Gateway"),
        Response(503, {}, b""),
    ],
)
def test_what_may_pass_is_tried_again(fault: Response | ConnectionLost) -> None:
    """With pauses that grow."""
    world = World([fault, fault, OK])
    assert world.run(call(world.policy, GET)).response == OK
    assert len(world.sent) == 3
    assert world.slept == [0.2, 0.4]


@pytest.mark.parametrize(
    ("status", "code"), [(400, "invalid_request"), (404, "job_not_found"), (500, "internal")]
)
def test_what_stays_wrong_is_not_tried_again(status: int, code: str) -> None:
    """And raises by its code."""
    world = World([problem(status, code)])
    with pytest.raises(RemoteError) as raised:
        world.run(call(world.policy, GET))
    assert (raised.value.code, len(world.sent)) == (code, 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("Sun, 09 Sep 2001 01:46:49 GMT", 9.0), ("0", 0.2), ("soon", 0.2)],
)
def test_the_service_says_how_long_to_wait(header: str, seconds: float) -> None:
    """`Retry-After` in seconds or as a date; what is neither is passed over."""
    world = World([problem(503, "store_unavailable", retryable=True, retry_after=header), OK])
    world.run(call(world.policy, GET))
    assert world.slept == [seconds]


def test_a_redirect_is_no_success() -> None:
    """A login page on the way must not look like a deleted job."""
    world = World([Response(302, {"location": "https://login.example.com"}, b"")])
    with pytest.raises(UnexpectedAnswer, match="URL"):
        world.run(call(world.policy, GET))


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    """The error comes at once, with how long to wait."""
    world = World([problem(429, "rate_limited", retryable=True, retry_after="90")])
    with pytest.raises(RemoteError) as raised:
        world.run(call(world.policy, GET))
    assert raised.value.retry_after == 90
    assert world.slept == []


@pytest.mark.parametrize("fault", [LOST, UNSENT])
def test_everything_ends_at_the_deadline(fault: ConnectionLost) -> None:
    """All tries together take no longer than the policy allows."""
    world = World([fault])
    with pytest.raises(NotReached, match="60 s"):
        world.run(call(world.policy, GET))
    assert 50 < world.time <= 60


@pytest.mark.parametrize(
    ("timeout", "asked"), [(None, 50.0), (100.0, 50.0), (5.0, 10.0), (0.5, 1.0)]
)
def test_waiting_without_an_answer_ends_as_well(timeout: float | None, asked: float) -> None:
    """A second time the wait that was asked for, as the service may hold back an answer so long."""
    world = World([LOST])
    state = msgspec.json.decode(_answered_job().body, type=JobState)
    job = msgspec.structs.replace(state, status="queued")
    with pytest.raises(NotReached):
        world.run(waiting.wait(world.policy, job, timeout))
    assert world.sent[0].request.seconds == asked
    assert world.time <= (80 if timeout is None else min(80, 2 * timeout))


def test_what_can_not_be_repeated_is_not(  # a new webhook would be there twice
) -> None:
    """A lost answer raises, and says that it may have been done; an unsent request is repeated."""
    world = World([LOST])
    with pytest.raises(NotReached, match="may have been done"):
        world.run(call(world.policy, ONCE))
    assert len(world.sent) == 1
    for fault in (UNSENT, problem(429, "rate_limited", retryable=True)):
        world = World([fault, OK])
        world.run(call(world.policy, ONCE))
        assert len(world.sent) == 2


def test_a_refused_token_is_renewed_once() -> None:
    """After that the refusal stands."""
    refusal = problem(401, "unauthenticated")
    world = World([refusal, OK])
    world.run(call(world.policy, GET))
    assert world.forgotten == 1
    world = World([refusal])
    with pytest.raises(Unauthenticated, match="dormouse doctor"):
        world.run(call(world.policy, GET))
    assert len(world.sent) == 2
    world = World([problem(403, "permission_denied")])
    with pytest.raises(PermissionDenied, match="DORMOUSE_ROLES"):
        world.run(call(world.policy, GET))


def test_a_repeated_submission_has_the_same_key() -> None:
    """So that it is one job, whatever became of the first try."""
    world = World([LOST, _answered_job()])
    world.run(jobs.submit(world.policy, Submission("x.y")))
    keys = {one.request.headers["Idempotency-Key"] for one in world.sent}
    assert (len(world.sent), len(keys)) == (2, 1)


def test_an_unknown_answer_is_said_to_be() -> None:
    """Another server's page is no answer of this API."""
    answer = Answer(Response(200, {}, b"<html>"))
    with pytest.raises(UnexpectedAnswer, match="URL"):
        answer.decoded(Me)


@pytest.mark.parametrize(
    ("steps", "late"),
    [(jobs.delete, problem(404, "job_not_found")), (jobs.retry, problem(409, "status_conflict"))],
)
def test_what_an_earlier_try_did_is_no_error(
    steps: Callable[[Policy, str], Steps[Any]], late: Response
) -> None:
    """The answer was lost, and the second try finds it done; without a first try it is an error."""
    world = World([LOST, late, _answered_job()])
    world.run(steps(world.policy, "0" * 32))
    world = World([late])
    with pytest.raises(RemoteError):
        world.run(steps(world.policy, "0" * 32))


def test_an_open_stream_that_breaks_is_opened_again() -> None:
    """`events` goes on behind the last event that it gave."""
    fake = FakeDormouse()
    fake.answer("x.y", 1)
    fake.refuse_next(503, "too_many_watchers")
    with fake.client() as client:
        job = client.submit("x.y")
        fake.refuse_next(503, "too_many_watchers", times=2)
        assert [event.kind for event in job.events()] == ["status", "end"]


class Breaking(httpx.SyncByteStream):
    """Bytes, and then a broken connection."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield from (self.content[:20], self.content[20:])
        raise httpx.ReadError("reset")


def talk(_payload: Any, context: FakeContext) -> None:
    for number in range(3):
        context.log(str(number))


def test_a_stream_that_breaks_anywhere_loses_and_repeats_nothing() -> None:
    """It is opened again with the id of the last event that was whole."""
    fake = FakeDormouse()
    fake.handle("x.y", talk)
    connection = fake.client().connection
    seen: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        answer = fake.respond(request)
        if not request.url.path.endswith("/events"):
            return answer
        seen.append(request.headers.get("Last-Event-ID", ""))
        cut = answer.content[: 180 * len(seen)] if len(seen) < 3 else answer.content
        return httpx.Response(200, headers=answer.headers, stream=Breaking(cut))

    with Dormouse.over(connection, httpx.MockTransport(respond)) as client:
        events = list(client.submit("x.y").events())
    assert [event.kind for event in events] == ["log", "log", "log", "status", "end"]
    assert len(seen) == 3
    assert seen[0] == ""
    assert seen[1] < seen[2]


@given(data())
def test_events_are_the_same_however_they_are_cut(draw: DataObject) -> None:
    """Also in the middle of a character, of a line end, of an event."""
    line = {"text": "ü\n\u2028", "number": 1}
    body = msgspec.json.encode(line)
    first = b":\n\nretry: 2000\nid: 1\r\nevent: log\r\ndata: %s\r\n\r\n" % body
    content = first + b":\nid: 2\nevent: end\ndata: {}\n\n"
    cuts = sorted(draw.draw(sets(integers(0, len(content)))))
    parser = EventParser()
    parts = [content[a:b] for a, b in pairwise([0, *cuts, len(content)])]
    events = [event for part in parts for event in parser.feed(part)]
    assert [(event.kind, event.id) for event in events] == [("log", "1"), ("end", "2")]
    assert events[0].data == line


def _answered_job() -> Response:
    fake = FakeDormouse()
    fake.answer("x.y", None)
    with fake.client() as client:
        client.submit("x.y")
    body = msgspec.json.encode(fake.jobs[0].shown())
    assert msgspec.json.decode(body, type=JobState).type == "x.y"
    return Response(202, {}, body)
