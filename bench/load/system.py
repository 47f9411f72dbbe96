"""The system under load: what `./dev up` starts, with its log in files."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.comparison.grounds import Grounds, prepared, quiet_processes
from bench.production import production
from local.ports import Ports
from local.processes import Processes
from local.services import await_services, command

SERVICES = ("local", "worker", "api")


@dataclass(frozen=True)
class Loaded:
    """A running system. `sessions` are those of the two services' processes."""

    grounds: Grounds
    processes: Processes
    ports: Ports
    sessions: Mapping[str, int]
    logs: tuple[Path, ...]


@contextmanager
def loaded(variables: Mapping[str, str]) -> Iterator[Loaded]:
    """On free ports. At the end of the block nothing is left of it. Raises `EmulatorsMissing`."""
    with prepared(with_redis=False) as grounds, quiet_processes() as processes:
        ports = grounds.ports()
        own = {"DORMOUSE_HANDLERS": "bench.load.handlers", **variables}
        settings = production(ports) | own
        sessions = {
            name: grounds.start(processes, name, command(name, ports), settings).group
            for name in SERVICES
        }
        await_services(processes, ports)
        yield Loaded(
            grounds=grounds,
            processes=processes,
            ports=ports,
            sessions={name: sessions[name] for name in ("api", "worker")},
            logs=(grounds.logs / "api.log", grounds.logs / "worker.log"),
        )
