"""`./dev run`: one job on the system of `./dev up`, with an exit status for scripts."""

import argparse
import json
import sys
import urllib.error
from collections.abc import Sequence
from typing import Any

from local.client import LocalClient
from local.console import Console, printable
from local.port_flags import add_port
from local.services import url

LONGEST_SECONDS = 600.0


def run_job(console: Console, arguments: Sequence[str]) -> int:
    """Submit it; with --wait print its result, and return 1 if it has none."""
    chosen = _parser().parse_args(arguments)
    client = LocalClient(url(chosen.api_port), url(chosen.local_port))
    seconds = chosen.timeout if chosen.wait else 0.0
    try:
        job = client.run(chosen.type, chosen.payload, seconds, lambda: None)
    except urllib.error.HTTPError as refused:
        with refused:
            return _complain(_detail(refused.read()))
    except OSError:
        return _complain(
            f"The API does not answer at {url(chosen.api_port)}: start it with `./dev up`."
        )
    if not chosen.wait:
        console.line(job["id"])
        return 0
    if job["status"] == "succeeded":
        console.line(json.dumps(job["result"], indent=2, ensure_ascii=False))
        return 0
    error = job["error"] or {"message": f"It is {job['status']} after {seconds:g} s."}
    return _complain(f"{job['id']} {job['status']}: {error['message']}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev run",
        description="Submit a job to the system of `./dev up`.",
        allow_abbrev=False,
    )
    parser.add_argument("type", metavar="TYPE", help="the job type's name, such as http.request")
    parser.add_argument(
        "payload", metavar="JSON", type=_payload, nargs="?", default={}, help="its payload"
    )
    parser.add_argument(
        "--wait", action="store_true", help="print its result; exit with 1 if it does not succeed"
    )
    parser.add_argument(
        "--timeout", type=float, default=LONGEST_SECONDS, metavar="SECONDS", help="for --wait"
    )
    add_port(parser, "api")
    add_port(parser, "local")
    return parser


def _payload(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not JSON: {error}") from error


def _detail(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["detail"])
    except (ValueError, KeyError, TypeError):
        return answer[:500].decode(errors="replace")


def _complain(what: str) -> int:
    print(printable(what, kept="\n\t"), file=sys.stderr)  # noqa: T201 - stdout is for the result
    return 1
