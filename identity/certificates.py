"""The certificates that tokens are checked with, cached as their own headers say."""

import logging
import re
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import Message
from http.client import HTTPException

import msgspec

from identity.errors import IdentityUnavailable
from jobs.runtime import MACHINE

FETCH_TIMEOUT_SECONDS = 5.0
SHORTEST_AGE = timedelta(seconds=30)
"""Certificates are not fetched more often than this, whatever key ids arrive."""
LONGEST_AGE = timedelta(days=1)
EARLIEST = 0.9
"""From this part of their age on they are fetched again, so that instances don't do it at once."""
STALE_FOR = timedelta(hours=1)
"""How long past their age certificates still count while no newer ones can be had."""
FAILURE_PAUSE = timedelta(seconds=5)
"""How long to leave a server alone that gave none."""
_MAX_BYTES = 256 * 1024
_PEM = "-----BEGIN CERTIFICATE-----"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """PEM certificates by key id, and for how long their server lets them be cached."""

    by_key_id: Mapping[str, str]
    max_age: timedelta


def fetch(url: str) -> Fetched:
    """Certificates in the form of https://www.googleapis.com/oauth2/v1/certs.

    Raises `OSError`, `HTTPException`, `DecodeError`, or `ValueError` for an answer that holds none.
    """
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as response:  # noqa: S310 - a setting, not a caller's URL
        by_key_id = msgspec.json.decode(response.read(_MAX_BYTES), type=dict[str, str])
        headers = response.headers
    if not by_key_id or not all(_PEM in certificate for certificate in by_key_id.values()):
        raise ValueError("the answer holds no certificates")
    return Fetched(by_key_id=by_key_id, max_age=_max_age(headers))


def _max_age(headers: Message) -> timedelta:
    """For how long an answer may still be kept: https://www.rfc-editor.org/rfc/rfc9111#section-4.2."""
    directives = ",".join(headers.get_all("Cache-Control", []))
    lifetime = re.search(r"(?i)(?:^|[\s,])max-age=(\d{1,9})", directives)
    spent = re.fullmatch(r"\d{1,9}", headers.get("Age", "0"))
    if not lifetime:
        return timedelta()
    return timedelta(seconds=int(lifetime[1]) - (int(spent[0]) if spent else 0))


class Certificates:
    """A cache of one issuer's certificates. Fetches in the request that needs it, one at a time."""

    def __init__(
        self,
        url: str,
        now: Callable[[], datetime],
        fetch: Callable[[str], Fetched] = fetch,
        uniform: Callable[[float, float], float] = MACHINE.uniform,
    ) -> None:
        self._url = url
        self.now = now
        self._fetch = fetch
        self._uniform = uniform
        self._lock = threading.Lock()
        self._cached: Mapping[str, str] = {}
        self._fresh_until: datetime | None = None
        self._usable_until: datetime | None = None
        self._next_fetch: datetime | None = None
        self._failing = False

    def current(self, key_id: str | None = None) -> Mapping[str, str]:
        """The certificates; newer ones if they are old, or lack this key.

        Raises `IdentityUnavailable` when there are none that may still be used, or when this key
        is not among them and newer ones can't be had.
        """
        if self._is_fresh() and self._knows(key_id):
            return self._cached
        suffices = self._is_usable() and self._knows(key_id)
        if not self._lock.acquire(blocking=not suffices):
            # Somebody is fetching already. What is there counts meanwhile, so nobody waits.
            return self._cached
        try:
            if not (self._is_fresh() and self._knows(key_id)):
                self._refresh()
            if not self._is_usable() or (self._failing and not self._knows(key_id)):
                raise IdentityUnavailable
            return self._cached
        finally:
            self._lock.release()

    def _is_fresh(self) -> bool:
        return self._fresh_until is not None and self.now() < self._fresh_until

    def _is_usable(self) -> bool:
        return self._usable_until is not None and self.now() < self._usable_until

    def _knows(self, key_id: str | None) -> bool:
        return key_id is None or key_id in self._cached

    def _refresh(self) -> None:
        now = self.now()
        if self._next_fetch is not None and now < self._next_fetch:
            return
        try:
            fetched = self._fetch(self._url)
        except (OSError, HTTPException, msgspec.DecodeError, ValueError) as error:
            log.warning("certificates could not be fetched: %s", type(error).__name__)
            self._failing = True
            # Counted from now, so that who waited meanwhile does not try in turn.
            self._next_fetch = self.now() + FAILURE_PAUSE
            return
        self._failing = False
        self._next_fetch = now + SHORTEST_AGE
        self._cached = fetched.by_key_id
        age = min(max(fetched.max_age, SHORTEST_AGE), LONGEST_AGE)
        self._fresh_until = now + age * self._uniform(EARLIEST, 1.0)
        self._usable_until = now + age + STALE_FOR
