"""`docs/security.md`: the tests that its table of threats names are there."""

import re

import pytest

from local.processes import ROOT

_NAMED = re.compile(r"\| `(tests/[\w/]+\.py)::(test_\w+)` \|$", re.MULTILINE)
_PAGE = (ROOT / "docs" / "security.md").read_text()


def test_every_row_names_a_test() -> None:
    """Each threat comes with what shows what becomes of it."""
    table = _PAGE.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    assert [row for row in rows if not _NAMED.search(row)] == []


@pytest.mark.parametrize(("path", "name"), sorted(set(_NAMED.findall(_PAGE))))
def test_every_named_test_is_there(path: str, name: str) -> None:
    """A test that is renamed or removed takes its row along."""
    assert f"\ndef {name}(" in (ROOT / path).read_text()
