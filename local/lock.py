"""`./dev lock`: pins every dependency, with hashes, for each of the environments.

What is taken out of a dependency is taken out anew: the definitions of Google's messages.
"""

import subprocess
from collections.abc import Sequence

from jobs.gcp.messages import DEFINITIONS
from local.bootstrap import DEVELOPMENT
from local.console import Console
from local.messages import definitions
from local.processes import ROOT

_COMPILE = (
    "pip",
    "compile",
    "pyproject.toml",
    "--universal",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
    "--quiet",
)
_LOCKS: dict[str, tuple[str, ...]] = {
    # First the one that holds all the others: they are constrained to its versions.
    "dev": ("--group", "dev"),
    "local": ("--group", "local", "--constraints", "requirements/dev.txt"),
    "worker": ("--group", "worker", "--constraints", "requirements/dev.txt"),
    "bench": ("--group", "bench", "--constraints", "requirements/dev.txt"),
    "audit": ("--group", "audit", "--constraints", "requirements/dev.txt"),
    "api": ("--constraints", "requirements/dev.txt"),
}


def write_locks(console: Console, uv_arguments: Sequence[str]) -> int:
    """Keeps the versions that are pinned already, unless `--upgrade` is among the arguments."""
    uv = str(DEVELOPMENT.uv)
    for name, selection in _LOCKS.items():
        path = f"requirements/{name}.txt"
        command = [uv, *_COMPILE, *selection, *uv_arguments, "--output-file", path]
        ran = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
        if ran.returncode:
            return ran.returncode
        console.line(f"wrote {path}")
    DEFINITIONS.write_bytes(definitions())
    console.line(f"wrote {DEFINITIONS.relative_to(ROOT)}")
    return 0
