"""The commands of `./dev`, once its environment is there."""

import argparse
import os
import signal
import sys
import urllib.error
from collections.abc import Sequence
from dataclasses import fields

from cloud.deploy.command import Desk, deploy, destroy
from local.bootstrap import BENCH, run_in
from local.checks import format_code, run_checks
from local.client import LocalClient
from local.cloud.settings import API_AUDIENCE, DEFAULT_ACCOUNT
from local.console import Console
from local.lock import write_locks
from local.ports import PURPOSES, Ports, flag, variable
from local.processes import ROOT
from local.services import url
from local.up import Up

MAX_PORT = 65_536
_WITH_OPTIONS_OF_THEIR_OWN = frozenset({"test", "lock", "faults", "bench", "deploy", "destroy"})


def main(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - a line for each command
    """Returns the exit status."""
    chosen, more = _parser().parse_known_args(arguments)
    if more and chosen.command not in _WITH_OPTIONS_OF_THEIR_OWN:
        _parser().error(f"unrecognized arguments: {' '.join(more)}")
    console = Console()
    if chosen.command == "up":
        return Up(console, _ports(chosen)).run(embedded=chosen.embedded)
    if chosen.command == "token":
        return _token(console, chosen)
    if chosen.command == "test":
        return run_checks(console, more)
    if chosen.command == "faults":
        # Google's Firestore client, which it watches with, takes long to import.
        from bench.faults.__main__ import main as try_faults  # noqa: PLC0415 - see above

        return try_faults(more)
    if chosen.command in {"deploy", "destroy"}:
        desk = Desk(root=ROOT, environment=os.environ, say=console.line)
        return deploy(desk, more) if chosen.command == "deploy" else destroy(desk, more)
    if chosen.command == "bench":
        run_in(BENCH, "bench", more)
    if chosen.command == "fmt":
        return format_code()
    if chosen.command == "lock":
        return write_locks(console, more)
    _parser().print_help()
    return 0


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


def _ports(chosen: argparse.Namespace) -> Ports:
    return Ports(**{field.name: getattr(chosen, f"{field.name}_port") for field in fields(Ports)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="Dormouse on this machine, and in your project.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    up = commands.add_parser("up", help="run the whole system until Ctrl-C")
    up.add_argument(
        "--embedded", action="store_true", help="in one process, in memory: nothing is kept"
    )
    for name in PURPOSES:
        _add_port(up, name)
    token = commands.add_parser("token", help="print an identity token of the local cloud")
    token.add_argument("--as", dest="email", default=DEFAULT_ACCOUNT, metavar="EMAIL")
    token.add_argument("--audience", default=API_AUDIENCE, help="the API's, if not given")
    _add_port(token, "local")
    commands.add_parser(
        "test", help="run every check and test; what follows goes to pytest", add_help=False
    )
    commands.add_parser(
        "faults", help="try the whole system under faults; takes minutes", add_help=False
    )
    commands.add_parser("deploy", help="put it into a project of your own", add_help=False)
    commands.add_parser("destroy", help="take it away again; keeps the jobs", add_help=False)
    commands.add_parser(
        "bench", help="measure speed, cost and size beside others; takes long", add_help=False
    )
    commands.add_parser("fmt", help="format the code")
    commands.add_parser(
        "lock", help="pin the dependencies anew; what follows goes to uv", add_help=False
    )
    commands.add_parser("help", help="show this")
    return parser


def _add_port(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(
        flag(name),
        type=_port,
        default=os.environ.get(variable(name)) or getattr(Ports(), name),
        metavar="PORT",
        help=f"for {PURPOSES[name]}; also {variable(name)} (default %(default)s)",
    )


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return number


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
