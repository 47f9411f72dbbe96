"""What the documentation points at is there."""

import re
from pathlib import Path

import pytest

from local.processes import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_ROOMS = "api|client|cloud|worker|jobs|identity|handlers|local|infra|tests|docs|bench|requirements"
_PATH = re.compile(rf"`((?:{_ROOMS})/[\w./-]*)`")
_PLACEHOLDERS = frozenset({"handlers/noun_verb.py"})
_MAKES_FILES = ROOT / "docs" / "adding-a-job-type.md"
"""A guide that has the reader make the files that it names."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page names a file or a folder."""
    links = _LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page != _MAKES_FILES],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_named_files_are_there(page: Path) -> None:
    """Each path of this repository that a page names is there."""
    paths = set(_PATH.findall(page.read_text())) - _PLACEHOLDERS
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []
