"""Reads what `python -X importtime` writes.

https://docs.python.org/3/using/cmdline.html#cmdoption-X
"""

import re
import sys
from collections import Counter

from bench.cold_start.figures import Imports

STANDARD = "the standard library"
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
_NAMESPACES = ("google",)
"""Packages of many owners, told apart by their second name."""


def by_package(log: str) -> Imports:
    """Each module's own time, added up by package."""
    micros: Counter[str] = Counter()
    for own, module in _LINE.findall(log):
        micros[package_of(module)] += int(own)
    return Imports(packages={name: round(own / 1000, 2) for name, own in micros.most_common()})


def package_of(module: str) -> str:
    first, *rest = module.split(".")
    if first in sys.stdlib_module_names or first in sys.builtin_module_names:
        return STANDARD
    if first in _NAMESPACES and rest:
        return f"{first}.{rest[0]}"
    return first
