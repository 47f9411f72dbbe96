"""The ports on a command line: a flag for each, and the environment behind it."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import fields

from local.ports import PURPOSES, Ports, flag, variable

MAX_PORT = 65_536


def add_port(parser: argparse.ArgumentParser, name: str) -> None:
    default = os.environ.get(variable(name)) or str(getattr(Ports(), name))
    try:
        _port(default)
    except argparse.ArgumentTypeError as error:
        parser.error(f"{variable(name)}: {error}")
    parser.add_argument(
        flag(name),
        type=_port,
        default=default,
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
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, from 1 to {MAX_PORT - 1}")
    return int(text)
