"""The command line: what is wrong is told in one sentence."""

import pytest

from local.cli import main
from local.ports import Ports


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`./dev help` lists what there is."""
    assert main(["help"]) == 0
    shown = capsys.readouterr().out
    for command in ("up", "token", "test", "fmt", "lock", "simulate"):
        assert f"\n    {command} " in shown


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_none_is_told(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong port is refused before anything starts, by flag and by environment."""
    with pytest.raises(SystemExit):
        main(["up", "--api-port", port])
    assert "--api-port" in capsys.readouterr().err


def test_a_wrong_port_in_the_environment_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The environment's ports are checked like the flags'."""
    monkeypatch.setenv("DORMOUSE_WORKER_PORT", "many")
    with pytest.raises(SystemExit):
        main(["up"])
    assert "--worker-port" in capsys.readouterr().err


def test_a_token_needs_a_local_cloud(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no local cloud answers, the sentence says how to start one; stdout stays empty."""
    assert main(["token", "--local-port", str(Ports.free().local)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "start it with `./dev up`" in shown.err


def test_what_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped option does not pass silently."""
    with pytest.raises(SystemExit):
        main(["up", "--embeded"])
    assert "--embeded" in capsys.readouterr().err
