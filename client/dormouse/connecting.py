"""From what a caller gives, or what is found, to a connection."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import httpx

from dormouse import profiles
from dormouse.calling import Policy
from dormouse.connection import Connection
from dormouse.errors import ConfigurationError
from dormouse.identity.discovery import tokens_for
from dormouse.identity.tokens import Credentials
from dormouse.profiles import Profile

LOCAL_AUDIENCE: Final = "dormouse-api"
LOCAL_CLIENT: Final = "dormouse-desktop.apps.local"
LOCAL_CLIENT_SECRET: Final = "not-a-secret"  # noqa: S105 - the local cloud's
_API_PORT: Final = "8080"
_CLOUD_PORT: Final = "8082"


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
    profile: Profile, credentials: Credentials | None = None, timeout: float = 60.0
) -> Connection:
    """A connection by a profile alone. Raises as `connection_to`."""
    if not profile.url:
        raise ConfigurationError(
            "Where is the service? Give a URL, set DORMOUSE_URL, or make a profile with"
            " `dormouse login`. `Dormouse.local()` finds a running `./dev up`."
        )
    if not profile.url.startswith(("https://", "http://")):
        raise ConfigurationError(f"{profile.url} is no http or https URL.")
    return Connection(profile.url, tokens_for(profile, credentials), Policy(timeout))


def local_profile(account: str = "", environment: Mapping[str, str] = os.environ) -> Profile:
    """The system that `./dev up` runs on this machine. Raises `ConfigurationError` without one.

    Its ports are those of DORMOUSE_API_PORT and DORMOUSE_LOCAL_PORT, or the usual ones.
    """
    api = environment.get("DORMOUSE_API_PORT") or _API_PORT
    cloud = f"http://127.0.0.1:{environment.get('DORMOUSE_LOCAL_PORT') or _CLOUD_PORT}"
    try:
        httpx.get(f"{cloud}/livez", timeout=5.0, trust_env=False).raise_for_status()
    except httpx.HTTPError as error:
        raise ConfigurationError(
            f"No local system answers at {cloud}: start one with `./dev up`, or say where it is"
            " with DORMOUSE_API_PORT and DORMOUSE_LOCAL_PORT."
        ) from error
    return Profile(
        url=f"http://127.0.0.1:{api}", audience=LOCAL_AUDIENCE, local_cloud=cloud, account=account
    )
