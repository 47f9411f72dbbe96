"""The certificates that tokens are checked with, cached as their own headers say."""

import logging
import re
import threading
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException

import msgspec

from identity.errors import IdentityUnavailable

FETCH_TIMEOUT_SECONDS = 5.0
SHORTEST_AGE = timedelta(seconds=30)
"""Certificates are not fetched more often than this, whatever key ids arrive."""
LONGEST_AGE = timedelta(days=1)
STALE_FOR = timedelta(hours=1)
"""How long past their age certificates still count while no newer ones can be had."""
_MAX_BYTES = 256 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """PEM certificates by key id, and for how long their server lets them be cached."""

    by_key_id: Mapping[str, str]
    max_age: timedelta


def fetch(url: str) -> Fetched:
    """Certificates in the form of https://www.googleapis.com/oauth2/v1/certs."""
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_SECONDS) as response:  # noqa: S310 - a setting, not a caller's URL
        by_key_id = msgspec.json.decode(response.read(_MAX_BYTES), type=dict[str, str])
        found = re.search(r"max-age=(\d{1,9})", response.headers.get("Cache-Control", ""))
    return Fetched(by_key_id=by_key_id, max_age=timedelta(seconds=int(found[1]) if found else 0))


class Certificates:
    """A cache of one issuer's certificates. Fetches in the request that needs it, one at a time."""

    def __init__(
        self, url: str, now: Callable[[], datetime], fetch: Callable[[str], Fetched] = fetch
    ) -> None:
        self._url = url
        self._now = now
        self._fetch = fetch
        self._lock = threading.Lock()
        self._cached: Mapping[str, str] = {}
        self._fresh_until: datetime | None = None
        self._next_fetch: datetime | None = None

    def current(self, key_id: str | None = None) -> Mapping[str, str]:
        """The certificates; newer ones if they are old, or lack this key.

        Raises `IdentityUnavailable` when there are none that may still be used.
        """
        if self._is_fresh() and (key_id is None or key_id in self._cached):
            return self._cached
        with self._lock:
            self._refresh(key_id)
            if self._fresh_until is None or self._now() >= self._fresh_until + STALE_FOR:
                raise IdentityUnavailable
            return self._cached

    def _is_fresh(self) -> bool:
        return self._fresh_until is not None and self._now() < self._fresh_until

    def _refresh(self, key_id: str | None) -> None:
        now = self._now()
        if self._is_fresh() and (key_id is None or key_id in self._cached):
            return
        if self._next_fetch is not None and now < self._next_fetch:
            return
        self._next_fetch = now + SHORTEST_AGE
        try:
            fetched = self._fetch(self._url)
        except (OSError, HTTPException, msgspec.DecodeError) as error:
            log.warning("certificates could not be fetched: %s", type(error).__name__)
            return
        self._cached = fetched.by_key_id
        self._fresh_until = now + min(max(fetched.max_age, SHORTEST_AGE), LONGEST_AGE)
