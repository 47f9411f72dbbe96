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
    assert "DORMOUSE_WORKER_PORT: 'many'" in capsys.readouterr().err


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


@pytest.mark.parametrize("command", ["up", "token", "run", "test", "lock"])
@pytest.mark.parametrize("form", ["help {}", "{} --help", "{} -h"])
def test_help_of_a_command_only_helps(
    command: str, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However it is asked for, nothing is run and nothing installed."""
    try:
        status = main(form.format(command).split())
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status == 0
    assert f"usage: ./dev {command}" in capsys.readouterr().out


def test_an_unknown_option_shows_its_commands_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Not that of all commands."""
    with pytest.raises(SystemExit):
        main(["up", "--port", "9"])
    assert "usage: ./dev up" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """That of the checkout."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Dormouse 0.")


@pytest.mark.parametrize("email", ["", "ada"])
def test_a_token_is_for_an_email(email: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is none is named, rather than the local cloud blamed."""
    with pytest.raises(SystemExit):
        main(["token", "--as", email])
    assert repr(email) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["http.request", "{"], "'{' is not JSON"),
        ([], "TYPE"),
        (["http.request", "--api-port", "1"], "start it with `./dev up`"),
    ],
)
def test_a_job_that_can_not_be_run_is_told(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one sentence, with an exit status."""
    try:
        status = main(["run", *arguments])
    except SystemExit as ended:
        status = int(ended.code or 0)
    assert status != 0
    assert said in capsys.readouterr().err
