"""Two people on one system: what one does must not be seen by the other."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from local.services import url
from tests.e2e.system import System
from tests.neighbours.catalogue import ERRORS, THINGS
from tests.neighbours.client import Person

HANDLERS = "tests.neighbours.handlers"


@dataclass(frozen=True)
class Seen:
    """What became of the good one's job while the other did a bad thing."""

    thing: str
    status: str
    result: object
    seconds: float
    right: bool


@contextmanager
def a_system() -> Iterator[System]:
    system = System.start(environment={"DORMOUSE_HANDLERS": HANDLERS})
    try:
        yield system.wait_until_ready()
    finally:
        system.stop()


def persons(system: System) -> tuple[Person, Person]:
    """The bad one and the good one."""
    api, cloud = url(system.ports.api), url(system.ports.local)
    return Person(api, cloud, "mallory@example.com"), Person(api, cloud, "bob@example.com")


def alone(good: Person, number: int) -> float:
    """How long the good one's jobs take in the middle, with nobody beside."""
    times = sorted(_beside(good, f"alone {n}").seconds for n in range(number))
    return times[len(times) // 2]


def tried(bad: Person, good: Person, names: Sequence[str] = tuple(THINGS)) -> Mapping[str, Seen]:
    """Each bad thing, and a job of the good one's right behind it."""
    seen = {}
    for name in names:
        with suppress(*ERRORS):
            THINGS[name](bad)
        seen[name] = _beside(good, name)
    return seen


def _beside(good: Person, name: str) -> Seen:
    start = time.monotonic()
    job = good.submit("good.deed", {"name": name})
    done = good.finished(job["id"])
    seconds = time.monotonic() - start
    result = done["result"]
    right = done["status"] == "succeeded" and result == {"text": name, "found": []}
    return Seen(name, done["status"], result, seconds, right)
