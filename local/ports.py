"""The ports of the local system: which there are, and whether they are free."""

import random
import socket
from dataclasses import dataclass, fields, replace

LOOPBACK = "127.0.0.1"

_UNASSIGNED = range(20_000, 32_000)
"""Below the ports that Linux and macOS give to outgoing connections, which may come between."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Each can be set by a flag, `--api-port`, and by the environment, `DORMOUSE_API_PORT`."""

    api: int = 8080
    worker: int = 8081
    local: int = 8082
    firestore: int = 8083
    pubsub: int = 8085

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody has at the moment."""
        found: set[int] = set()
        candidates = list(_UNASSIGNED)
        random.shuffle(candidates)
        names = [field.name for field in fields(cls)]
        for port in candidates:
            if not is_taken(port):
                found.add(port)
            if len(found) == len(names):
                return replace(cls(), **dict(zip(names, found, strict=True)))
        raise OSError("There are no free ports.")


PURPOSES = {
    "api": "the API",
    "worker": "the worker",
    "local": "the local cloud",
    "firestore": "the Firestore emulator",
    "pubsub": "the Pub/Sub emulator",
}


def flag(name: str) -> str:
    return f"--{name}-port"


def variable(name: str) -> str:
    return f"DORMOUSE_{name.upper()}_PORT"


def is_taken(port: int) -> bool:
    """Whether a server on loopback could not have this port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        # macOS lets a port be bound on loopback although somebody has it on every address.
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return True
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def complaint(ports: Ports, names: tuple[str, ...]) -> str | None:
    """What to tell the user if one of the named ports can't be had, or two are the same."""
    owners: dict[int, str] = {}
    for name in names:
        port = getattr(ports, name)
        if port in owners:
            return (
                f"Port {port} is set for both {PURPOSES[owners[port]]} and {PURPOSES[name]}:"
                f" choose another with {flag(name)} or {variable(name)}."
            )
        owners[port] = name
        if is_taken(port):
            return (
                f"Port {port}, meant for {PURPOSES[name]}, is taken: stop the program that has it,"
                f" or choose another port with {flag(name)} or {variable(name)}."
            )
    return None
