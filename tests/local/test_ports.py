"""Ports: a taken one is told before anything starts."""

import socket
from collections.abc import Iterator
from dataclasses import astuple, replace

import pytest

from local.ports import LOOPBACK, Ports, complaint, is_taken


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def test_a_listening_port_is_taken(taken: int) -> None:
    """A port that somebody listens on can't be had."""
    assert is_taken(taken)


def test_a_port_taken_on_every_address_is_taken() -> None:
    """A server on all addresses has the port on loopback too."""
    with socket.create_server(("", 0)) as server:
        assert is_taken(server.getsockname()[1])


def test_free_ports_are_free_and_different() -> None:
    """Ports for tests can be had, all of them."""
    ports = astuple(Ports.free())
    assert len(set(ports)) == len(ports) == 5
    assert not any(is_taken(port) for port in ports)


def test_a_taken_port_gets_one_sentence(taken: int) -> None:
    """The sentence names the port, who needed it, and both ways to choose another."""
    told = complaint(replace(Ports.free(), local=taken), ("api", "local"))
    assert told is not None
    assert told.count("\n") == 0
    for part in (str(taken), "the local cloud", "--local-port", "DORMOUSE_LOCAL_PORT"):
        assert part in told


def test_a_port_that_is_not_needed_may_be_taken(taken: int) -> None:
    """Only the ports of what is started matter."""
    assert complaint(replace(Ports.free(), firestore=taken), ("api", "worker", "local")) is None


def test_one_port_for_two_gets_one_sentence() -> None:
    """The same port twice is told, before the second server fails."""
    ports = Ports.free()
    told = complaint(replace(ports, worker=ports.api), ("api", "worker"))
    assert told is not None
    assert "both the API and the worker" in told
