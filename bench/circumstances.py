"""Where and with what something was measured: figures mean nothing without it."""

import os
import platform
import re
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from local.containers import Containers
from local.emulators import find_emulators
from local.processes import ROOT


def circumstances(
    packages: Iterable[str], programs: Iterable[str] = (), *, on_emulators: bool = True
) -> dict[str, str]:
    """The machine, the date, and the versions of what took part."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _output("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "machine": f"{_cpu()}, {os.cpu_count()} CPUs, {_memory_gib():.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **({"emulators": _emulators()} if on_emulators else {}),
        **{package: version(package) for package in packages},
        **{program: _output(program, "--version") for program in programs},
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3


def _emulators() -> str:
    source = find_emulators()
    if isinstance(source, Containers):
        return "Google's Firestore and Pub/Sub emulators, by Docker"
    return "Google's Firestore and Pub/Sub emulators, of the Cloud SDK, under " + _java(source.java)


def _java(java: Path) -> str:
    ran = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)  # noqa: S603 - found by us
    return ran.stderr.splitlines()[0].replace('"', "")


def _output(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return ran.stdout.strip()
