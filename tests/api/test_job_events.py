"""What a watcher is told, wherever it comes back to."""

import itertools
from datetime import timedelta

import pytest

from api.watching.job_events import News, Place, end_of, news_of
from jobs.job import transitions
from jobs.job.model import Job, LogLine, Progress, Status
from tests.factories import KEEP_FOR, LEASE, T0, a_job, an_error

SECOND = timedelta(seconds=1)


def say(job: Job, *texts: str) -> Job:
    first = job.log[-1].number + 1 if job.log else 1
    lines = [
        LogLine(number=number, time=T0, level="INFO", text=text)
        for number, text in enumerate(texts, first)
    ]
    return transitions.say(job, lines)


def life() -> list[Job]:
    """A job from its submission to its end in the second attempt, one state after the other."""
    queued = a_job()
    running = transitions.claim(queued, T0, lease=LEASE, worker="w")
    begun = say(running, "one")
    half = transitions.report(say(begun, "two", "three"), Progress(fraction=0.5))
    waits = transitions.fail(half, T0, an_error(), delay=SECOND, keep_for=KEEP_FOR)
    again = transitions.claim(waits, T0 + SECOND, lease=LEASE, worker="w")
    # The same progress, but of another attempt.
    half_again = transitions.report(say(again, "four"), Progress(fraction=0.5))
    done = transitions.succeed(say(half_again, "five"), T0 + SECOND, "7", keep_for=KEEP_FOR)
    return [queued, running, begun, half, waits, again, half_again, done]


def told(states: list[Job], place: Place) -> tuple[list[str], Place]:
    """What is told of these states one after the other, in short."""
    short: list[str] = []
    for job in states:
        for name, data, behind in news_of(job, place):
            place = behind
            short.append(f"{name} {_short(name, data)}")
    return short, place


def _short(name: str, data: object) -> object:
    field = {"status": "status", "progress": "fraction", "log": "text", "end": "status"}[name]
    return getattr(data, field)


WHOLE = [
    "status queued",
    "status running",
    "log one",
    "log two",
    "log three",
    "progress 0.5",
    "status queued",
    "status running",
    "log four",
    "progress 0.5",
    "log five",
    "status succeeded",
    "end succeeded",
]


def test_everything_is_told_in_its_order() -> None:
    """A running job first says that it runs; the end comes behind all that led to it."""
    assert told(life(), Place()) == (WHOLE, told(life(), Place())[1])


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_coming_back_repeats_and_misses_nothing(cut: int) -> None:
    """Whichever event was the last that arrived, its id leads to the next one."""
    states = life()
    events: list[tuple[Job, News]] = []
    place = Place()
    for job in states:
        for news in news_of(job, place):
            place = news[2]
            events.append((job, news))
    job, (_, _, behind) = events[cut]
    back = Place.of(str(behind))
    assert back == behind
    assert told(states[states.index(job) :], back)[0] == WHOLE[cut + 1 :]


def test_what_happened_meanwhile_is_told_as_the_job_holds_it() -> None:
    """States that passed are not told, every line is."""
    states = life()
    _, place = told(states[:1], Place())
    assert told([states[-1]], place)[0] == [
        "progress 0.5",
        *(f"log {text}" for text in ("one", "two", "three", "four", "five")),
        "status succeeded",
        "end succeeded",
    ]


def test_who_has_had_the_end_is_told_nothing() -> None:
    """Unless the job was retried by hand since."""
    states = life()
    _, place = told(states, Place())
    assert place.ended
    assert list(news_of(states[-1], place)) == []
    failed = a_job(status=Status.FAILED)
    _, place = told([failed], Place())
    again = transitions.retry(failed, T0)
    assert told([again, transitions.cancel(again, T0, keep_for=KEEP_FOR)], place)[0] == [
        "status queued",
        "status cancelled",
        "end cancelled",
    ]


def test_a_deleted_job_has_an_end_too() -> None:
    """Its status is null, and its id that of an end."""
    name, data, place = end_of(a_job(), None, Place(job="0badcafe", line=3))
    assert (name, data.status, str(place)) == ("end", None, "0badcafe.3...end")


def test_another_job_under_the_same_id_is_told_from_its_beginning() -> None:
    """A place in a job that was deleted hides nothing of the one that took its id since."""
    log = (LogLine(number=1, time=T0, level="INFO", text="one"),)
    old, new = a_job(log=log), a_job(log=log, created_at=T0 + timedelta(seconds=1))
    _, place = told([old], Place())
    assert told([new], Place.of(str(place)))[0] == told([new], Place())[0] != []


def test_errors_are_told_without_their_trace() -> None:
    """As the job's owner sees them."""
    (_, data, _), _ = itertools.islice(news_of(a_job(status=Status.FAILED), Place()), 2)
    assert data.error.message == "it broke"
    assert data.error.traceback is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "1.2.3",
        "1..",
        "0badcafe.1..",
        "x..",
        "-1..",
        "1.aabbccdd.aabbccdd.end!",
        "9" * 500,
        "1..\n",
    ],
)
def test_a_strange_id_is_the_beginning(text: str) -> None:
    """Ids of other services, or none; only the shortest of ours is among these."""
    expected = Place(job="0badcafe", line=1) if text == "0badcafe.1.." else Place()
    assert Place.of(text) == expected
