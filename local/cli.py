"""The commands of `./dev`, once its environment is there."""

import argparse
import os
import signal
import sys
import tomllib
import urllib.error
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deployment.deploy.command import Terminal, deploy, destroy
from local.bootstrap import AUDIT, BENCH, DEVELOPMENT, run_in
from local.checks import format_code, run_checks
from local.client import LocalClient
from local.cloud.settings import API_AUDIENCE, DEFAULT_ACCOUNT
from local.console import Console
from local.job_command import run_job
from local.lock import write_locks
from local.port_flags import add_port, add_ports, ports_of
from local.ports import flag, variable
from local.processes import ROOT
from local.services import url
from local.triggers import write_triggers
from local.up import Up

Command = Callable[[Console, Sequence[str]], int]


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    parser, commands = _parser()
    chosen, more = parser.parse_known_args(arguments)
    console = Console()
    if chosen.command == "help" and more:
        chosen, more = parser.parse_known_args([*more, "--help"])
    if with_its_own_options := _OF_ITS_OWN.get(chosen.command):
        if not {"-h", "--help"}.isdisjoint(more) and (text := _HELP.get(chosen.command)):
            console.line(text)
            return 0
        return with_its_own_options(console, more)
    if more:
        commands[chosen.command].error(f"unrecognized arguments: {' '.join(more)}")
    return _simple(console, chosen, parser)


def _simple(console: Console, chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """The commands whose options stand here."""
    if chosen.command == "up":
        return Up(console, ports_of(chosen)).run(embedded=chosen.embedded)
    if chosen.command == "token":
        return _token(console, chosen)
    if chosen.command == "fmt":
        return format_code()
    if chosen.command == "triggers":
        return write_triggers(console)
    parser.print_help()
    return 0


def _faults(_: Console, more: Sequence[str]) -> int:
    return run_in(DEVELOPMENT, "tests.faults", more)


def _audit(_: Console, more: Sequence[str]) -> int:
    return run_in(AUDIT, "local.audit", more)


def _fuzz(_: Console, more: Sequence[str]) -> int:
    return run_in(DEVELOPMENT, "tests.fuzz", more)


def _bench(_: Console, more: Sequence[str]) -> int:
    return run_in(BENCH, "bench", more)


def _cost(_: Console, more: Sequence[str]) -> int:
    # It looks into the worker's code.
    from deployment.cost.__main__ import main as cost  # noqa: PLC0415 - see above

    return cost(more)


def _load(_: Console, more: Sequence[str]) -> int:
    return run_in(BENCH, "bench.load", more)


def _simulate(_: Console, more: Sequence[str]) -> int:
    return run_in(DEVELOPMENT, "simulation", more)


def _scale(_: Console, more: Sequence[str]) -> int:
    return run_in(DEVELOPMENT, "bench.simulator", more)


def _doctor(console: Console, more: Sequence[str]) -> int:
    # It looks into both services' code.
    from local.doctor import doctor  # noqa: PLC0415 - see above

    return doctor(console, more)


def _deploy(console: Console, more: Sequence[str]) -> int:
    return deploy(Terminal(root=ROOT, environment=os.environ, say=console.line), more)


def _destroy(console: Console, more: Sequence[str]) -> int:
    return destroy(Terminal(root=ROOT, environment=os.environ, say=console.line), more)


_OF_ITS_OWN: Final[Mapping[str, Command]] = {
    "run": run_job,
    "test": run_checks,
    "lock": write_locks,
    "faults": _faults,
    "fuzz": _fuzz,
    "audit": _audit,
    "bench": _bench,
    "load": _load,
    "scale": _scale,
    "simulate": _simulate,
    "deploy": _deploy,
    "destroy": _destroy,
    "doctor": _doctor,
    "cost": _cost,
}
"""The commands that read their options themselves."""


def _token(console: Console, chosen: argparse.Namespace) -> int:
    address = url(chosen.local_port)
    try:
        token = LocalClient(api_url="", cloud_url=address).token(chosen.email, chosen.audience)
    except (urllib.error.URLError, OSError):
        print(  # noqa: T201 - stdout is for the token
            f"The local cloud does not answer at {address}: start it with `./dev up`,"
            f" or say where it is with {flag('local')} or {variable('local')}.",
            file=sys.stderr,
        )
        return 1
    console.line(token)
    return 0


def _version() -> str:
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _email(text: str) -> str:
    if "@" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no email address")
    return text


_HELP: Final[Mapping[str, str]] = {
    "test": (
        "usage: ./dev test [ARGUMENTS OF PYTEST ...]\n\n"
        "Runs every check (lint, format, types, import rules), then the tests: all of them, or\n"
        "those that you name, such as `./dev test tests/unit -k retry`. Takes up to ten minutes\n"
        "on two processors."
    ),
    "lock": (
        "usage: ./dev lock [ARGUMENTS OF UV ...]\n\n"
        "Pins the dependencies anew, after a change to pyproject.toml. What follows goes to\n"
        "`uv pip compile`, such as `--upgrade` or `--upgrade-package NAME`."
    ),
}
"""Of the commands that hand everything on: the help of what they hand it to would run first."""


def _parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """With the parser of each command."""
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="Dormouse on this machine, and in your project.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Dormouse {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    up = commands.add_parser("up", help="run the whole system until Ctrl-C")
    up.add_argument(
        "--embedded", action="store_true", help="in one process, in memory: nothing is kept"
    )
    add_ports(up)
    token = commands.add_parser("token", help="print an identity token of the local cloud")
    token.add_argument("--as", dest="email", type=_email, default=DEFAULT_ACCOUNT, metavar="EMAIL")
    token.add_argument("--audience", default=API_AUDIENCE, help="the API's, if not given")
    add_port(token, "local")
    commands.add_parser(
        "run", help="submit a job to it, and wait for the result if told so", add_help=False
    )
    commands.add_parser(
        "test", help="run every check and test; what follows goes to pytest", add_help=False
    )
    commands.add_parser(
        "faults", help="try the whole system under faults; takes minutes", add_help=False
    )
    commands.add_parser(
        "fuzz", help="try the API and the decoders with made-up input; takes long", add_help=False
    )
    commands.add_parser(
        "audit", help="list what the images are made of, and its known flaws", add_help=False
    )
    commands.add_parser("deploy", help="put it into a project of your own", add_help=False)
    commands.add_parser("destroy", help="take it away again; keeps the jobs", add_help=False)
    commands.add_parser(
        "load", help="put the whole system under load, and show how it bears it", add_help=False
    )
    commands.add_parser(
        "bench", help="measure speed, cost and size beside others; takes long", add_help=False
    )
    commands.add_parser(
        "scale", help="model it in the cloud, at rates no machine makes", add_help=False
    )
    commands.add_parser(
        "simulate", help="run the code in virtual time, under faults of every kind", add_help=False
    )
    commands.add_parser("doctor", help="say what is wrong, here or there", add_help=False)
    commands.add_parser("cost", help="what a month of jobs would cost", add_help=False)
    commands.add_parser("fmt", help="format the code")
    commands.add_parser("triggers", help="tell Terraform of triggers.toml")
    commands.add_parser(
        "lock", help="pin the dependencies anew; what follows goes to uv", add_help=False
    )
    commands.add_parser("help", help="show this, or `help COMMAND` for one of them")
    return parser, commands.choices


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
