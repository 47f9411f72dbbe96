"""What every room of the tests may need: the emulators, and an identity to sign with."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from identity.certificates import Certificates, Fetched
from identity.tokens import Verifier
from local.cloud.identity import CERTIFICATES_MAX_AGE, Issuer
from local.emulators import await_emulators, find_emulators, remove_containers, start_emulators
from local.ports import LOOPBACK, Ports
from local.processes import Processes
from local.sdk import EmulatorsMissing


@dataclass(frozen=True)
class Emulators:
    """Where Google's emulators listen, as `host:port`, and the port that events are sent to."""

    firestore: str
    pubsub: str
    events_port: int


def skip_or_fail(why: str) -> NoReturn:
    """What a test needs is missing: on a laptop that is fine, in CI it is not."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def emulators() -> Iterator[Emulators]:
    """Google's emulators, started once. Without them tests skip, and under CI=true they fail."""
    try:
        source = find_emulators()
    except EmulatorsMissing as missing:
        skip_or_fail(str(missing))
    ports = Ports.free()
    try:
        with Processes(lambda _name, _line: None) as processes:
            start_emulators(processes, source, ports)
            await_emulators(processes, source, ports)
            yield Emulators(
                f"{LOOPBACK}:{ports.firestore}", f"{LOOPBACK}:{ports.pubsub}", ports.local
            )
    finally:
        remove_containers(source, ports)


@pytest.fixture
def project() -> str:
    """A project of its own for each test: the emulators keep projects apart."""
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    """Signs identity tokens as the local cloud does."""
    return Issuer(now=lambda: datetime.now(UTC))


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    """Accepts the tokens of `issuer`."""
    fetched = Fetched(by_key_id=issuer.certificates, max_age=CERTIFICATES_MAX_AGE)
    return Verifier(
        Certificates("https://certificates.test", lambda: datetime.now(UTC), lambda _url: fetched)
    )
