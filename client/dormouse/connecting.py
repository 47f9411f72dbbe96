"""From what a caller gives, or what is found, to a connection."""

import os
from collections.abc import Mapping
from dataclasses import replace

from dormouse import profiles
from dormouse.calling import Policy
from dormouse.connection import Connection
from dormouse.errors import ConfigurationError
from dormouse.identity.discovery import tokens_for
from dormouse.identity.tokens import Credentials
from dormouse.profiles import Profile


def connection_to(
    url: str | None,
    credentials: Credentials | None,
    *,
    audience: str | None,
    profile: str | None,
    timeout: float,
) -> Connection:
    """Raises `ConfigurationError` where no URL is known, `IdentityError` for broken credentials."""
    known = profiles.load(profile)
    if url:
        # Another deployment than the profile's has another audience, and other ways in.
        same = url.rstrip("/") == known.url
        known = known if same else Profile(token=known.token, impersonate=known.impersonate)
        known = replace(known, url=url.rstrip("/"))
    if audience:
        known = replace(known, audience=audience)
    return connected(known, credentials, timeout)


def connected(
    profile: Profile,
    credentials: Credentials | None = None,
    timeout: float = 60.0,
    environment: Mapping[str, str] = os.environ,
) -> Connection:
    """A connection by a profile alone. Raises as `connection_to`."""
    if not profile.url:
        raise ConfigurationError(
            "Where is the service? Give a URL, set DORMOUSE_URL, or make a profile with"
            " `dormouse login`. `Dormouse.local()` finds a running `./dev up`."
        )
    if not profile.url.startswith(("https://", "http://")):
        raise ConfigurationError(f"{profile.url} is no http or https URL.")
    tokens = tokens_for(profile, credentials, environment)
    return Connection(profile.url, tokens, Policy(timeout))
