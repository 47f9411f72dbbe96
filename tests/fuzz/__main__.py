"""`./dev fuzz`: the running API under made-up requests, then the decoders under made-up bytes."""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local.processes import ROOT
from tests.faults.system import running_system
from tests.fuzz.api import EVERYTHING, attack, leave_dead_letters, operations

HANDLERS = "tests.fuzz.handlers"
CASES_PER_TOKEN = 20_000
"""A token is good for an hour."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="requests to the API, at least")
    parser.add_argument("--bytes", type=int, default=20_000, help="inputs to each decoder")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - to repeat
    chosen = parser.parse_args(arguments)
    # As Ctrl-C does: so that nothing of the system is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    holds = not chosen.cases or _fuzz_api(chosen.cases, chosen.seed)
    return 0 if holds and (not chosen.bytes or _fuzz_decoders(chosen.bytes)) else 1


def _fuzz_api(cases: int, seed: int) -> bool:
    """In rounds, until there were so many cases; the first does all that Schemathesis knows."""
    log_path = Path(tempfile.gettempdir()) / "dormouse-fuzz.log"
    done, failed, holds = 0, 0, True
    phases: tuple[str, ...] = EVERYTHING
    with (
        log_path.open("wb") as log,
        running_system(log, handlers=HANDLERS, skewed=False) as system,
    ):
        leave_dead_letters(system.ports)
        while done < cases:
            wanted = min(cases - done, CASES_PER_TOKEN)
            examples = -(-wanted // operations(system.ports))
            came = attack(system.ports, examples=examples, seed=seed, phases=phases)
            if not came.cases:
                raise RuntimeError("Schemathesis made no requests")
            done, failed, holds = done + came.cases, failed + came.failed, holds and came.holds
            phases, seed = ("fuzzing", "stateful"), seed + 1
    print(f"{done} requests, {failed} of which failed a check. The services' log: {log_path}")
    return holds


def _fuzz_decoders(examples: int) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "0", "tests/fuzz"]
    variables = {**os.environ, "DORMOUSE_FUZZ_EXAMPLES": str(examples)}
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
