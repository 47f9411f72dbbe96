"""CONTRIBUTING's six walks: what a change touches."""

import re

import pytest

from local.processes import ROOT

WALK = re.compile(r"^\| \*\*(.+?)\*\* \| (.+) \|$", re.MULTILINE)
FILE = re.compile(r"`([a-z_/]+(?:\.py|/))`")
WALKS = {
    name: FILE.findall(touched)
    for name, touched in WALK.findall((ROOT / "CONTRIBUTING.md").read_text())
}
MOST = {
    "a field that callers set on a job": 5,
    "an action on a job": 5,
    "a kind of event": 2,
    "a role": 2,
    "a job type": 2,
    "another store": 4,
}


def test_there_are_six() -> None:
    """The changes that people come with."""
    assert WALKS.keys() == MOST.keys()


@pytest.mark.parametrize("walk", MOST)
def test_a_walk_is_short_and_leads_somewhere(walk: str) -> None:
    """So many files at most, each of which is there."""
    assert 0 < len(WALKS[walk]) <= MOST[walk]
    assert [path for path in WALKS[walk] if not (ROOT / path).exists()] == []
