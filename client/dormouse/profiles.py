"""Settings of a deployment, from the environment or a profile.

Profiles stand in `~/.config/dormouse/config.ini`, one section each:

    [default]
    url = https://api.example.com
    audience = https://api.example.com
    impersonate = caller@project.iam.gserviceaccount.com
    client_id = ...apps.googleusercontent.com
    client_secret = ...
"""

import configparser
import io
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

import httpx

from dormouse.errors import ConfigurationError
from dormouse.private_files import write_private

DEFAULT: Final = "default"
LOCAL: Final = "local"
"""Unless a profile has this name, it means the system that `./dev up` runs on this machine."""

LOCAL_AUDIENCE: Final = "dormouse-api"
LOCAL_CLIENT: Final = "dormouse-desktop.apps.local"
LOCAL_CLIENT_SECRET: Final = "not-a-secret"  # noqa: S105 - the local cloud's
_API_PORT: Final = "8080"
_CLOUD_PORT: Final = "8082"
GOOGLE_AUTHORIZE: Final = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - a URL
GOOGLE_REVOKE: Final = "https://oauth2.googleapis.com/revoke"


@dataclass(frozen=True)
class Profile:
    """Settings of one deployment. Unknown ones are empty."""

    url: str = ""
    audience: str = ""
    """The audience of identity tokens; the URL by default."""
    impersonate: str = ""
    """The service account that tokens name, where the credentials can't name the caller."""
    token: str = ""
    """A token that somebody else fetched; in the environment only."""
    client_id: str = ""
    client_secret: str = ""
    authorize_url: str = GOOGLE_AUTHORIZE
    token_url: str = GOOGLE_TOKEN
    revoke_url: str = GOOGLE_REVOKE
    local_cloud: str = ""
    """URL of a local cloud that stands in for Google."""
    account: str = ""
    """The account in the local cloud's tokens."""

    @property
    def of_tokens(self) -> str:
        """The audience of ID tokens."""
        return self.audience or self.url


_VARIABLES: Final = {
    "url": "DORMOUSE_URL",
    "audience": "DORMOUSE_AUDIENCE",
    "impersonate": "DORMOUSE_IMPERSONATE",
    "token": "DORMOUSE_TOKEN",
}
_KEPT: Final = frozenset(field.name for field in fields(Profile)) - {"token"}


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of this user's profiles and tokens."""
    if own := environment.get("DORMOUSE_CONFIG_DIR"):
        return Path(own)
    if sys.platform == "win32" and (roaming := environment.get("APPDATA")):
        return Path(roaming) / "dormouse"
    home = environment.get("XDG_CONFIG_HOME") or environment.get("HOME") or str(Path.home())
    return Path(home) / ("dormouse" if environment.get("XDG_CONFIG_HOME") else ".config/dormouse")


def load(name: str | None = None, environment: Mapping[str, str] = os.environ) -> Profile:
    """The profile, with what the environment says in its place.

    Raises `ConfigurationError` for a file that can't be read, and for a name that is not in it.
    """
    wanted = name or environment.get("DORMOUSE_PROFILE") or DEFAULT
    sections = _read(folder(environment) / "config.ini")
    if wanted not in sections and wanted not in {DEFAULT, LOCAL}:
        raise ConfigurationError(
            f"There is no profile `{wanted}` in {folder(environment) / 'config.ini'}:"
            f" `dormouse --profile {wanted} login` makes one."
        )
    if wanted == LOCAL and wanted not in sections:
        return local_profile(environment=environment)
    said = {key: value for key, value in sections.get(wanted, {}).items() if key in _KEPT and value}
    said |= {
        field: environment[variable]
        for field, variable in _VARIABLES.items()
        if environment.get(variable)
    }
    profile = Profile(**said)
    return replace(profile, url=profile.url.rstrip("/"))


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
        url=f"http://127.0.0.1:{api}",
        audience=LOCAL_AUDIENCE,
        local_cloud=cloud,
        account=account,
        client_id=LOCAL_CLIENT,
        client_secret=LOCAL_CLIENT_SECRET,
        authorize_url=f"{cloud}/o/oauth2/v2/auth",
        token_url=f"{cloud}/token",
        revoke_url=f"{cloud}/revoke",
    )


def save(
    profile: Profile, name: str = DEFAULT, environment: Mapping[str, str] = os.environ
) -> Path:
    """Keep the profile under the name. Only its owner can read the file."""
    path = folder(environment) / "config.ini"
    sections = _read(path)
    usual = Profile()
    sections[name] = {
        key: value
        for key in sorted(_KEPT)
        if (value := getattr(profile, key)) and value != getattr(usual, key)
    }
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    write_private(path, text.getvalue().encode())
    return path


def _read(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}. Correct or remove it.") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}
