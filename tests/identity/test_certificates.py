"""The certificates that tokens are checked with: fetched when needed, and never in a flood."""

import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

import identity.certificates
from identity.certificates import (
    EARLIEST,
    FAILURE_PAUSE,
    LONGEST_AGE,
    SHORTEST_AGE,
    STALE_FOR,
    Certificates,
    Fetched,
    fetch,
)
from identity.errors import IdentityUnavailable
from tests.factories import Clock
from tests.identity.serving import Answer, CertificateServer

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
OLD = {"old": PEM}
NEW = {"old": PEM, "new": PEM}


def _as_late_as_may_be(_earliest: float, latest: float) -> float:
    return latest


class Source:
    """What is fetched, and how often; raises `fault` instead, if there is one."""

    def __init__(self) -> None:
        self.certificates: Mapping[str, str] = OLD
        self.max_age = HOUR
        self.fault: Exception | None = None
        self.fetches = 0

    def __call__(self, _url: str) -> Fetched:
        self.fetches += 1
        if self.fault:
            raise self.fault
        return Fetched(by_key_id=self.certificates, max_age=self.max_age)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def certificates(source: Source, clock: Clock) -> Certificates:
    return Certificates("https://certs.test", clock, source, uniform=_as_late_as_may_be)


# How long they are kept


def test_nothing_is_fetched_before_it_is_needed(certificates: Certificates, source: Source) -> None:
    """Making the cache fetches nothing; the first use does."""
    assert source.fetches == 0
    assert certificates.current("old") == OLD
    assert source.fetches == 1


def test_they_are_kept_for_their_age(
    certificates: Certificates, source: Source, clock: Clock
) -> None:
    """Until their age is over they are not fetched again; then they are, once."""
    certificates.current("old")
    clock.move(HOUR - INSTANT)
    certificates.current("old")
    assert source.fetches == 1
    clock.move(INSTANT)
    source.certificates = NEW
    assert certificates.current("old") == certificates.current("old") == NEW
    assert source.fetches == 2


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (timedelta(), SHORTEST_AGE),
        (timedelta(seconds=-5), SHORTEST_AGE),
        (SHORTEST_AGE + INSTANT, SHORTEST_AGE + INSTANT),
        (LONGEST_AGE, LONGEST_AGE),
        (timedelta(days=1000), LONGEST_AGE),
    ],
)
def test_ages_have_bounds(
    certificates: Certificates, source: Source, clock: Clock, said: timedelta, kept: timedelta
) -> None:
    """Whatever the server says, they are kept for a while, and not for ever."""
    source.max_age = said
    certificates.current("old")
    clock.move(kept - INSTANT)
    certificates.current("old")
    assert source.fetches == 1
    clock.move(INSTANT)
    certificates.current("old")
    assert source.fetches == 2


def test_they_are_fetched_a_little_early(source: Source, clock: Clock) -> None:
    """Within the last tenth of their age, at a moment that differs from instance to instance."""
    drawn: list[tuple[float, float]] = []

    def uniform(earliest: float, latest: float) -> float:
        drawn.append((earliest, latest))
        return earliest

    certificates = Certificates("https://certs.test", clock, source, uniform)
    certificates.current("old")
    assert drawn == [(EARLIEST, 1.0)]
    clock.move(HOUR * EARLIEST - INSTANT)
    certificates.current("old")
    assert source.fetches == 1
    clock.move(INSTANT)
    certificates.current("old")
    assert source.fetches == 2


# Keys that are not among them


def test_a_new_key_is_fetched(certificates: Certificates, source: Source, clock: Clock) -> None:
    """A key that fresh certificates lack is looked for at once, and found."""
    certificates.current("old")
    source.certificates = NEW
    clock.move(SHORTEST_AGE)
    assert certificates.current("new") == NEW
    assert source.fetches == 2


def test_unknown_keys_cause_no_flood(
    certificates: Certificates, source: Source, clock: Clock
) -> None:
    """However many unknown keys arrive, they cause a fetch each half a minute at most."""
    certificates.current("old")
    for number in range(1000):
        assert certificates.current(f"invented-{number}") == OLD
    assert source.fetches == 1
    clock.move(SHORTEST_AGE - INSTANT)
    certificates.current("invented")
    assert source.fetches == 1
    clock.move(INSTANT)
    certificates.current("invented")
    certificates.current("invented")
    assert source.fetches == 2


# When they can't be had

FAULTS = [
    OSError("no route"),
    TimeoutError(),
    ConnectionRefusedError(),
    msgspec.DecodeError("no JSON"),
    msgspec.ValidationError("another shape"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ValueError("no certificates"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_none_can_be_had(certificates: Certificates, source: Source, fault: Exception) -> None:
    """If there never were any, tokens can't be checked now, whatever the fault is."""
    source.fault = fault
    with pytest.raises(IdentityUnavailable):
        certificates.current("old")


def test_a_failing_server_is_left_alone(
    certificates: Certificates, source: Source, clock: Clock
) -> None:
    """After a fault the server is not asked again for some seconds; then it is, and all is well."""
    source.fault = OSError()
    for _ in range(100):
        with pytest.raises(IdentityUnavailable):
            certificates.current("old")
    assert source.fetches == 1
    source.fault = None
    clock.move(FAILURE_PAUSE)
    assert certificates.current("old") == OLD
    assert source.fetches == 2


def test_stale_ones_count_for_a_while(
    certificates: Certificates, source: Source, clock: Clock
) -> None:
    """While no newer ones can be had, those past their age still count, for an hour."""
    certificates.current("old")
    source.fault = OSError()
    clock.move(HOUR)
    assert certificates.current("old") == OLD
    clock.move(STALE_FOR - INSTANT)
    assert certificates.current("old") == OLD
    clock.move(INSTANT)
    with pytest.raises(IdentityUnavailable):
        certificates.current("old")
    assert source.fetches == 3


def test_after_the_fault(certificates: Certificates, source: Source, clock: Clock) -> None:
    """As soon as the server is there again, its certificates count."""
    certificates.current("old")
    source.fault = OSError()
    clock.move(10 * HOUR)
    with pytest.raises(IdentityUnavailable):
        certificates.current("old")
    source.fault, source.certificates = None, NEW
    clock.move(FAILURE_PAUSE)
    assert certificates.current("new") == NEW


def test_a_new_key_during_a_fault(certificates: Certificates, source: Source, clock: Clock) -> None:
    """A key that can't be looked for is not called wrong; the known ones still count."""
    certificates.current("old")
    source.fault = OSError()
    clock.move(SHORTEST_AGE)
    with pytest.raises(IdentityUnavailable):
        certificates.current("new")
    assert certificates.current("old") == OLD


# Many at once


def test_one_fetch_at_a_time(clock: Clock) -> None:
    """However many need them at once, one fetches and all get what it fetched."""
    started, go_on = threading.Event(), threading.Event()
    fetches: list[str] = []

    def slow(url: str) -> Fetched:
        fetches.append(url)
        started.set()
        assert go_on.wait(60)
        return Fetched(by_key_id=OLD, max_age=HOUR)

    certificates = Certificates("https://certs.test", clock, slow)
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(certificates.current, "old") for _ in range(16)]
        assert started.wait(60)
        go_on.set()
        assert [one.result() for one in waiting] == [OLD] * 16
    assert fetches == ["https://certs.test"]


def test_known_keys_do_not_wait(clock: Clock, source: Source) -> None:
    """While somebody fetches for an unknown key, known keys are there at once."""
    fetching, go_on = threading.Event(), threading.Event()

    def slow_later(url: str) -> Fetched:
        if source.fetches:
            fetching.set()
            assert go_on.wait(60)
        return source(url)

    certificates = Certificates("https://certs.test", clock, slow_later)
    certificates.current("old")
    clock.move(SHORTEST_AGE)
    with ThreadPoolExecutor(1) as pool:
        unknown = pool.submit(certificates.current, "invented")
        assert fetching.wait(60)
        assert certificates.current("old") == OLD
        go_on.set()
        assert unknown.result() == OLD


def test_nobody_waits_for_what_is_there(clock: Clock, source: Source) -> None:
    """While one request fetches anew, the others go on with what they have, past its age too."""
    fetching, go_on = threading.Event(), threading.Event()

    def slow_later(url: str) -> Fetched:
        if source.fetches:
            fetching.set()
            assert go_on.wait(60)
            source.certificates = NEW
        return source(url)

    certificates = Certificates("https://certs.test", clock, slow_later, _as_late_as_may_be)
    certificates.current("old")
    clock.move(HOUR)
    with ThreadPoolExecutor(1) as pool:
        fetcher = pool.submit(certificates.current, "old")
        assert fetching.wait(60)
        assert certificates.current("old") == OLD
        go_on.set()
        assert fetcher.result() == certificates.current("old") == NEW
    assert source.fetches == 2


def test_one_fault_for_all_who_wait(clock: Clock) -> None:
    """Those who waited for a fetch that failed do not try one after the other."""
    started, go_on = threading.Event(), threading.Event()
    fetches: list[str] = []

    def fail_slowly(url: str) -> Fetched:
        fetches.append(url)
        started.set()
        assert go_on.wait(60)
        clock.move(FAILURE_PAUSE)
        raise TimeoutError

    certificates = Certificates("https://certs.test", clock, fail_slowly)
    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(certificates.current, "old") for _ in range(16)]
        assert started.wait(60)
        go_on.set()
        assert {type(one.exception()) for one in waiting} == {IdentityUnavailable}
    assert len(fetches) == 1


# Over the wire


@pytest.fixture
def server() -> Iterator[CertificateServer]:
    with CertificateServer().serving() as serving:
        yield serving


def test_fetch(server: CertificateServer) -> None:
    """Certificates come with their key ids and with the age that their headers say."""
    server.answer = Answer.of(NEW, Cache_Control="public, max-age=19731, must-revalidate")
    assert fetch(server.url) == Fetched(by_key_id=NEW, max_age=timedelta(seconds=19731))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Cache_Control": "no-store"}, 0),
        ({"Cache_Control": "max-age=0"}, 0),
        ({"Cache_Control": "max-age=60"}, 60),
        ({"Cache_Control": "Public,MAX-AGE=60"}, 60),
        ({"Cache_Control": "s-maxage=10, max-age=60"}, 60),
        ({"Cache_Control": "x-max-age=10"}, 0),
        ({"Cache_Control": "max-age=soon"}, 0),
        ({"Cache_Control": "max-age=-1"}, 0),
        ({"Cache_Control": "max-age=60", "Age": "20"}, 40),
        ({"Cache_Control": "max-age=60", "Age": "old"}, 60),
        ({"Age": "20"}, 0),
    ],
)
def test_headers(server: CertificateServer, headers: dict[str, str], seconds: int) -> None:
    """The age is `max-age` less what of it is spent; without one they are not kept."""
    server.answer = Answer.of(OLD, **headers)
    assert fetch(server.url).max_age == timedelta(seconds=seconds)


_BAD = {
    "a refusal": Answer(status=500),
    "not found": Answer(status=404, body=b'{"error": "not found"}'),
    "no JSON": Answer(b"<html>"),
    "nothing": Answer(b""),
    "no UTF-8": Answer(b'{"key": "\xff"}'),
    "a list": Answer.of([PEM]),
    "other values": Answer.of({"key": {"n": "AQAB"}}),
    "no certificates": Answer.of({}),
    "no PEM": Answer.of({"old": PEM, "new": "certificate"}),
    "cut off": Answer(b'{"old": "-----BEGIN', length=1000),
    "longer than it may be": Answer.of({"old": PEM, "long": PEM + "A" * 300_000}),
    "a redirect to a file": Answer(status=302, headers={"Location": "file:///etc/hostname"}),
    "a redirect for ever": Answer(status=302, headers={"Location": "/certs"}),
}


@pytest.mark.parametrize("what", _BAD)
def test_other_answers(clock: Clock, server: CertificateServer, what: str) -> None:
    """Any other answer means that certificates can't be had, and never another error."""
    server.answer = _BAD[what]
    with pytest.raises(IdentityUnavailable):
        Certificates(server.url, clock).current("old")
    assert server.asked


def test_nobody_answers(clock: Clock) -> None:
    """Where nobody listens certificates can't be had."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(IdentityUnavailable):
            Certificates(url, clock).current("old")


def test_somebody_answers_too_late(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is given up on."""
    monkeypatch.setattr(identity.certificates, "FETCH_TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(IdentityUnavailable):
            Certificates(url, clock).current("old")
