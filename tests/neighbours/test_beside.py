"""Somebody who only works, on a system that somebody else treats badly."""

from collections.abc import Iterator

import pytest

from local.emulators import find_emulators
from local.sdk import EmulatorsMissing
from tests.conftest import skip_or_fail
from tests.e2e.system import System
from tests.neighbours.beside import a_system, persons, tried
from tests.neighbours.catalogue import THINGS

SOME = (
    "exec_something",
    "kill_group",
    "fork_and_stay",
    "a body that nests",
    "a batch that nests",
    "a picture of many scans",
    "a picture that claims too much",
    "a table that is wide",
    "a call to itself",
    "a receiver that is deaf",
    "many waits",
    "many jobs",
)
"""The whole catalogue is tried by `python -m tests.neighbours`, in a minute and more."""


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    try:
        find_emulators()
    except EmulatorsMissing as missing:
        skip_or_fail(str(missing))
    with a_system() as system:
        yield system


def test_there_are_many_bad_things() -> None:
    """Handlers, bodies, pictures, tables, receivers, and those who only wait."""
    assert len(THINGS) >= 60


def test_nobody_else_sees_a_bad_thing(system: System) -> None:
    """Each job of the other succeeds, with its own answer and no trace of its neighbour."""
    bad, good = persons(system)
    seen = tried(bad, good, SOME)
    assert [one for one in seen.values() if not one.right] == []
