"""The ports on a command line: a flag for each, and the environment behind it."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import fields

from local.ports import PURPOSES, Ports, flag, variable

MAX_PORT = 65_536


def add_port(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(
        flag(name),
        type=_port,
        default=os.environ.get(variable(name)) or getattr(Ports(), name),
        metavar="PORT",
        help=f"for {PURPOSES[name]}; also {variable(name)} (default %(default)s)",
    )


def add_ports(parser: argparse.ArgumentParser, names: Sequence[str] = tuple(PURPOSES)) -> None:
    for name in names:
        add_port(parser, name)


def ports_of(chosen: argparse.Namespace) -> Ports:
    """Those that a parser with all of them has found."""
    return Ports(**{field.name: getattr(chosen, f"{field.name}_port") for field in fields(Ports)})


def _port(text: str) -> int:
    number = int(text)
    if not 0 < number < MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text} is not a port")
    return number
