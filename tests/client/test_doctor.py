"""`dormouse doctor` finds the missing link, says what puts it there, and looks no further."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dormouse.doctor import Finding, examine
from flask import Flask, Response

from local.ports import Ports
from local.services import url
from tests.e2e.system import System
from tests.local.conftest import serve

__all__ = ["serve"]
Examine = Callable[..., list[Finding]]


@pytest.fixture
def examined(stack: System, tmp_path: Path) -> Examine:
    """Runs doctor in such an environment."""

    def look(ahead: float = 0, **environment: str) -> list[Finding]:
        usual = {
            "HOME": str(tmp_path),
            "DORMOUSE_URL": url(stack.ports.api),
            "DORMOUSE_TOKEN": stack.token(),
        }
        return list(examine(None, usual | environment, lambda: time.time() + ahead))

    return look


def test_all_is_well(examined: Examine) -> None:
    """Each link is named, and the last says what the caller may do."""
    found = examined()
    assert all(finding.is_fine for finding in found), found
    assert "user:dev@example.com: submitter" in found[-1].says


def test_no_url(examined: Examine) -> None:
    """Nothing else can be looked at."""
    (found,) = examined(DORMOUSE_URL="")
    assert (found.is_fine, found.status) == (False, 2)


def test_nobody_there(examined: Examine) -> None:
    """A port that nobody has."""
    found = examined(DORMOUSE_URL=f"http://127.0.0.1:{Ports.free().api}")[-1]
    assert (found.is_fine, found.status) == (False, 5)


def test_another_server(examined: Examine, serve: Callable[[Flask], str]) -> None:
    """It answers, and is no Dormouse."""
    app = Flask("other")
    app.get("/v1/health")(lambda: Response("<html>hello</html>", content_type="text/html"))
    found = examined(DORMOUSE_URL=serve(app))[-1]
    assert not found.is_fine
    assert "not as a Dormouse API" in found.says


@pytest.mark.parametrize("ahead", [-60, 60])
def test_a_clock_that_is_off(examined: Examine, ahead: float) -> None:
    """A token is refused where the clocks differ, so that is said first."""
    found = examined(ahead)[-1]
    assert "clock" in found.says
    assert found.fix


def test_no_identity(examined: Examine, tmp_path: Path) -> None:
    """Credentials that can't get a token: it says how to sign in."""
    file = tmp_path / "user.json"
    file.write_text('{"type": "authorized_user"}')
    found = examined(DORMOUSE_TOKEN="", GOOGLE_APPLICATION_CREDENTIALS=str(file))[-1]
    assert (found.is_fine, found.status) == (False, 3)
    assert "dormouse login" in found.fix


def test_a_token_for_another_audience(examined: Examine, stack: System) -> None:
    """It names the audience, and the setting that it is missing in."""
    found = examined(DORMOUSE_TOKEN=stack.token(audience="https://other"))[-1]
    assert (found.is_fine, found.status) == (False, 3)
    assert "https://other" in found.fix
    assert "DORMOUSE_API_AUDIENCES" in found.fix


def test_a_caller_without_a_role(examined: Examine, stack: System) -> None:
    """It names the caller, and where roles are given."""
    found = examined(DORMOUSE_TOKEN=stack.token("stranger@elsewhere.org"))[-1]
    assert (found.is_fine, found.status) == (False, 3)
    assert "stranger@elsewhere.org" in found.fix
    assert "DORMOUSE_ROLES" in found.fix
