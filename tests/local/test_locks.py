"""Every lock holds all that its packages need, on every Python and system that we support."""

from collections.abc import Iterator
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from local.processes import ROOT

LOCKS = ROOT / "requirements"
MACHINES = [
    {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.4",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": machine,
    }
    for minor in (11, 12, 13, 14)
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
]


def locked(name: str) -> list[Requirement]:
    lines = (LOCKS / name).read_text().splitlines()
    return [
        Requirement(line.removesuffix("\\").strip())
        for line in lines
        if line and line[0] not in " #"
    ]


def needs(name: str, extras: frozenset[str], machine: dict[str, str]) -> Iterator[Requirement]:
    for line in distribution(name).requires or []:
        requirement = Requirement(line)
        asked = ({**machine, "extra": one} for one in extras or {""})
        if not requirement.marker or any(requirement.marker.evaluate(one) for one in asked):
            yield requirement


def missing(lock: str, machine: dict[str, str]) -> list[str]:
    """What a resolver would have to add to the lock or to change in it."""
    pins = {
        canonicalize_name(one.name): next(iter(one.specifier)).version
        for one in locked(lock)
        if not one.marker or one.marker.evaluate(machine)
    }
    wanted = [(name, frozenset[str]()) for name in pins]
    seen, problems = set(wanted), []
    while wanted:
        name, extras = wanted.pop()
        for need in needs(name, extras, machine):
            version = pins.get(canonicalize_name(need.name))
            if version is None or not need.specifier.contains(version, prereleases=True):
                problems.append(f"{name} needs {need}, locked is {version}")
            following = (canonicalize_name(need.name), frozenset(need.extras))
            if version is not None and following not in seen:
                seen.add(following)
                wanted.append(following)
    return sorted(problems)


@pytest.mark.parametrize("lock", ["api.txt", "worker.txt", "local.txt", "dev.txt"])
def test_a_lock_is_closed(lock: str) -> None:
    """It pins all that its packages need, extras and markers too, so nothing is resolved."""
    assert [problem for machine in MACHINES for problem in missing(lock, machine)] == []


@pytest.mark.parametrize("lock", ["api.txt", "worker.txt", "local.txt"])
def test_the_locks_agree(lock: str) -> None:
    """What is tested is what runs: the larger lock has each package in the same version."""
    assert {str(one) for one in locked(lock)} <= {str(one) for one in locked("dev.txt")}
