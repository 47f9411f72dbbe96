"""Looks at each link between a client and its service, in the order in which they are needed."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from dormouse import profiles
from dormouse.client import Dormouse
from dormouse.connecting import connected
from dormouse.connection import Connection
from dormouse.errors import (
    ConfigurationError,
    DormouseError,
    IdentityError,
    PermissionDenied,
    Unauthenticated,
)
from dormouse.identity.tokens import claims_of
from dormouse.profiles import Profile

_CLOCK_SECONDS: Final = 10.0
_USAGE, _IDENTITY, _UNREACHED = 2, 3, 5


@dataclass(frozen=True)
class Finding:
    """One link: what was found and, if it is missing, the command that puts it there."""

    says: str
    is_fine: bool = True
    fix: str = ""
    status: int = 0
    """The exit status that it stands for."""


def examine(
    profile_name: str | None = None,
    environment: Mapping[str, str] = os.environ,
    now: Callable[[], float] = time.time,
) -> Iterator[Finding]:
    """Findings as they are made; the first missing link is the last one looked at."""
    try:
        profile = profiles.load(profile_name, environment)
        connection = connected(profile, environment=environment)
    except ConfigurationError as error:
        yield Finding(str(error), is_fine=False, status=_USAGE)
        return
    except IdentityError as error:
        yield Finding(str(error), is_fine=False, status=_IDENTITY)
        return
    yield Finding(f"The service is {connection.url}.")
    reached = _reach(connection.url, now())
    yield reached
    if not reached.is_fine:
        return
    try:
        token = connection.tokens.get()
    except IdentityError as error:
        yield Finding(str(error), is_fine=False, fix=_how_to_sign_in(profile), status=_IDENTITY)
        return
    claims = claims_of(token)
    yield Finding(
        f"The identity token is {claims.get('email', 'nobody')}'s, for the audience"
        f" {claims.get('aud')}, by {type(connection.tokens.credentials).__name__}."
    )
    yield _roles(connection, claims)


def _reach(url: str, asked: float) -> Finding:
    try:
        answer = httpx.get(f"{url}/v1/health", timeout=15.0)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Finding(
            f"{url} can't be reached: {error}.",
            is_fine=False,
            fix="Check the URL (`terraform output api_url`), the network, and HTTPS_PROXY.",
            status=_UNREACHED,
        )
    if answer.headers.get("content-type", "").partition(";")[0] not in {
        "application/json",
        "application/problem+json",
    }:
        return Finding(
            f"{url} answers {answer.status_code}, and not as a Dormouse API does.",
            is_fine=False,
            fix="Check the URL: it is the API's, without a path.",
            status=_UNREACHED,
        )
    if abs(ahead := _ahead_of(answer.headers.get("date", ""), asked)) > _CLOCK_SECONDS:
        return Finding(
            f"This machine's clock is {ahead:.0f} s off: tokens are refused.",
            is_fine=False,
            fix="Set the clock: `sudo timedatectl set-ntp true`.",
            status=_IDENTITY,
        )
    return Finding(f"It answers ({answer.status_code} from /v1/health).")


def _ahead_of(date: str, asked: float) -> float:
    try:
        return asked - parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError):
        return 0.0


def _roles(connection: Connection, claims: Mapping[str, Any]) -> Finding:
    try:
        with Dormouse.over(connection) as client:
            me = client.me()
    except Unauthenticated as error:
        return Finding(
            f"The service refuses the token: {error.detail}",
            is_fine=False,
            fix=f"Add {claims.get('aud')} to DORMOUSE_API_AUDIENCES (Terraform: api_audiences), or"
            " set DORMOUSE_AUDIENCE to one that is there.",
            status=_IDENTITY,
        )
    except PermissionDenied as error:
        return Finding(
            f"The service knows the caller, who has no role: {error.detail}",
            is_fine=False,
            fix=f"Give {claims.get('email')} a role in DORMOUSE_ROLES (Terraform: roles).",
            status=_IDENTITY,
        )
    except DormouseError as error:
        return Finding(str(error), is_fine=False, status=_UNREACHED)
    roles = ", ".join(grant.role for grant in me.roles)
    return Finding(f"The service takes the caller for {me.member}: {roles}.")


def _how_to_sign_in(profile: Profile) -> str:
    if profile.client_id:
        return "Run `dormouse login`."
    return (
        "Run `dormouse login --client-file FILE`, or name a service account that you may"
        " impersonate in DORMOUSE_IMPERSONATE and run `gcloud auth application-default login`."
    )
