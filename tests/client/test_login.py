"""`dormouse login`, `whoami` and `logout`, in this process, where a test can be the browser."""

import json
from pathlib import Path

import pytest
from dormouse import profiles
from dormouse.command.main import main
from dormouse.profiles import LOCAL_CLIENT, LOCAL_CLIENT_SECRET

from local.ports import variable
from local.services import url
from tests.client.browser import browser
from tests.e2e.system import System

CAPTURED = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(stack: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody who has nothing, beside a running system on its own ports, with a browser."""
    for name in ("DORMOUSE_URL", "DORMOUSE_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DORMOUSE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv(variable("api"), str(stack.ports.api))
    monkeypatch.setenv(variable("local"), str(stack.ports.local))
    monkeypatch.setattr("webbrowser.open", browser("ann@example.com"))
    return tmp_path


@pytest.fixture
def client_file(stack: System, tmp_path: Path) -> str:
    """As Google's console gives it, for the local cloud."""
    cloud = url(stack.ports.local)
    desktop = {
        "client_id": LOCAL_CLIENT,
        "client_secret": LOCAL_CLIENT_SECRET,
        "auth_uri": f"{cloud}/o/oauth2/v2/auth",
        "token_uri": f"{cloud}/token",
        "redirect_uris": ["http://localhost"],
    }
    path = tmp_path / "client_secret.json"
    path.write_text(json.dumps({"installed": desktop}))
    return str(path)


def test_somebody_signs_in_to_the_local_system_and_out(capsys: CAPTURED) -> None:
    """Before, the local cloud's usual account calls; then the person; then it again."""
    local = ("--profile", "local")
    assert main([*local, "login"]) == 0
    assert "Signed in as ann@example.com" in capsys.readouterr().err
    assert main([*local, "whoami", "-o", "ids"]) == 0
    assert capsys.readouterr().out == "user:ann@example.com\n"
    assert main([*local, "logout"]) == 0
    assert main([*local, "logout"]) == 0
    assert "Nobody had signed in" in capsys.readouterr().err


def test_a_client_file_makes_a_profile(stack: System, client_file: str, capsys: CAPTURED) -> None:
    """With it once, without it from then on."""
    api = url(stack.ports.api)
    assert main(["--profile", "work", "login", api, "--client-file", client_file]) == 0
    assert profiles.load("work").client_id == LOCAL_CLIENT
    assert main(["--profile", "work", "login"]) == 0
    assert main(["--profile", "work", "submit", "client.echo", '{"value": 1}', "--wait"]) == 0
    assert '"value": 1' in capsys.readouterr().out


def test_without_a_browser_the_page_is_printed(
    stack: System, client_file: str, monkeypatch: pytest.MonkeyPatch, capsys: CAPTURED
) -> None:
    """And no browser is started."""
    monkeypatch.setattr("webbrowser.open", pytest.fail)
    login = ["login", url(stack.ports.api), "--client-file", client_file, "--no-browser"]
    assert main([*login, "--timeout", "0"]) == 3
    assert f"{url(stack.ports.local)}/o/oauth2/v2/auth?client_id=" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["https://api.example.com"],
        ["https://api.example.com", "--client-file", "broken.json"],
        ["https://api.example.com", "--client-file", "nowhere.json"],
    ],
)
def test_what_is_missing_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: CAPTURED, arguments: list[str]
) -> None:
    """The URL, the client, a file that is one."""
    monkeypatch.chdir(home)
    (home / "broken.json").write_text('{"web": {}}')
    assert main(["login", *arguments]) == 2
    assert capsys.readouterr().err
