"""Where the service is and who calls, from arguments, the environment, or a profile.

Profiles stand in `~/.config/dormouse/config.ini`, one section each:

    [default]
    url = https://api.example.com
    audience = https://api.example.com
    impersonate = caller@project.iam.gserviceaccount.com
    client_id = ...apps.googleusercontent.com
    client_secret = ...
"""

import configparser
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

from dormouse.errors import ConfigurationError

DEFAULT: Final = "default"
GOOGLE_AUTHORIZE: Final = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - a URL
GOOGLE_REVOKE: Final = "https://oauth2.googleapis.com/revoke"


@dataclass(frozen=True)
class Profile:
    """What is known of one deployment. Empty is what is not known."""

    url: str = ""
    audience: str = ""
    """What identity tokens are made for; the URL if nothing else is said."""
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
    """Where a local cloud answers in place of Google."""
    account: str = ""
    """Whom the local cloud's tokens name."""

    @property
    def of_tokens(self) -> str:
        """What ID tokens are made for."""
        return self.audience or self.url


_VARIABLES: Final = {
    "url": "DORMOUSE_URL",
    "audience": "DORMOUSE_AUDIENCE",
    "impersonate": "DORMOUSE_IMPERSONATE",
    "token": "DORMOUSE_TOKEN",
}
_KEPT: Final = frozenset(field.name for field in fields(Profile)) - {"token"}


def folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where this user's profiles and tokens are."""
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
    if wanted not in sections and wanted != DEFAULT:
        raise ConfigurationError(
            f"There is no profile `{wanted}` in {folder(environment) / 'config.ini'}:"
            f" `dormouse --profile {wanted} login` makes one."
        )
    said = {key: value for key, value in sections.get(wanted, {}).items() if key in _KEPT and value}
    said |= {
        field: environment[variable]
        for field, variable in _VARIABLES.items()
        if environment.get(variable)
    }
    profile = Profile(**said)
    return replace(profile, url=profile.url.rstrip("/"))


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
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        parser.write(file)
    return path


def _read(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}. Correct or remove it.") from error
    return {name: dict(parser.items(name)) for name in parser.sections()}
