"""A bare application under gunicorn, as Dormouse's services are under it."""

import runpy
import sys
from pathlib import Path

from local.ports import LOOPBACK
from local.processes import ROOT


def gunicorn(service: str, port: int, build: str) -> list[str]:
    """The command that serves it, with the flags of one of Dormouse's services."""
    flags = runpy.run_path(str(Path(ROOT) / service / "gunicorn.conf.py"))
    options = {
        "--workers": flags["workers"],
        "--worker-class": "gthread",
        "--threads": flags["threads"],
        "--timeout": flags["timeout"],
        "--graceful-timeout": flags["graceful_timeout"],
        "--keep-alive": flags["keepalive"],
        "--bind": f"{LOOPBACK}:{port}",
        "--log-level": "warning",
    }
    words = [str(word) for option in options.items() for word in option]
    return [sys.executable, "-m", "gunicorn", *words, "--no-control-socket", build]
