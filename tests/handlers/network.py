"""Stands between the code and the network: answers look-ups, watches and diverts connections."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

_ask_system = socket.getaddrinfo
_really_connect = socket.socket.connect


@dataclass
class Network:
    """`names` gives for a name its addresses at the first look-up, the second, and so on.

    Addresses in `diverted` lead to the given port on loopback. `connected` are the addresses that
    somebody tried to connect to, `looked_up` the names that somebody asked for.
    """

    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    diverted: Mapping[str, int] = field(default_factory=dict)
    connected: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
            if host not in self.names:
                return _ask_system(host, port, *args, **kwargs)
            turn = self.looked_up.count(host)
            self.looked_up.append(host)
            answers = self.names[host]
            addresses = answers[min(turn, len(answers) - 1)]
            return [
                found
                for address in addresses
                for found in _ask_system(address, port, type=socket.SOCK_STREAM)
            ]

        def connect(sock: socket.socket, address: Any) -> None:
            self.connected.append(address[0])
            if address[0] in self.diverted:
                address = ("127.0.0.1", self.diverted[address[0]])
            _really_connect(sock, address)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket.socket, "connect", connect)
