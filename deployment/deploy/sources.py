"""What the images are made of, as one digest."""

import hashlib
import subprocess
from pathlib import Path

from deployment.deploy.errors import Refused

ROOMS = (
    "Dockerfile.api",
    "Dockerfile.worker",
    ".dockerignore",
    "api",
    "worker",
    "jobs",
    "identity",
    "handlers",
    "requirements",
    "triggers.toml",
)
"""Nothing else gets into an image; a test holds this to the Dockerfiles."""


def digest(root: Path) -> str:
    """Changes if and only if a file changes, comes or goes that an image may be made of.

    Files that git ignores don't count, those that are not committed yet do. Raises
    `Refused` outside a git repository, or without git.
    """
    try:
        listed = subprocess.run(  # noqa: S603 - our own words
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *ROOMS],  # noqa: S607 - whichever git there is
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as failed:
        raise Refused(
            f"{root} is not a git checkout, which tells whether the sources have changed: deploy"
            " from a clone of the repository, with git installed."
        ) from failed
    total = hashlib.sha256()
    for name in sorted(filter(None, listed.split("\0"))):
        path = root / name
        content = path.read_bytes() if path.is_file() else b""
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()
