"""A person who has signed in: the tokens that are kept for them, and how they are renewed."""

import time
from pathlib import Path
from typing import Final

import httpx
import msgspec

from dormouse.errors import IdentityError
from dormouse.identity.tokens import RENEW_SECONDS, expiry_of
from dormouse.private_files import write_private
from dormouse.profiles import Profile

_SECONDS: Final = 30.0


class KeptTokens(msgspec.Struct, frozen=True, kw_only=True):
    """A person's tokens. The refresh token is as good as a password."""

    refresh_token: str
    id_token: str = ""

    def __repr__(self) -> str:
        """Without what it keeps."""
        return "KeptTokens(...)"


class TokenFile:
    """Tokens by client id, in a file that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tokens.json"

    def get(self, client_id: str) -> KeptTokens | None:
        """The tokens kept for this client, if any. Raises `IdentityError` for a broken file."""
        return self._read().get(client_id)

    def put(self, client_id: str, tokens: KeptTokens | None) -> None:
        """Keep them, or with None forget them. The file is replaced as a whole."""
        kept = self._read()
        if tokens is None:
            kept.pop(client_id, None)
        else:
            kept[client_id] = tokens
        write_private(self.path, msgspec.json.encode(kept))

    def _read(self) -> dict[str, KeptTokens]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, KeptTokens])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise IdentityError(
                f"{self.path} can't be read: {error}. Remove it, and run `dormouse login`."
            ) from error


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A token endpoint's answer.

    https://datatracker.ietf.org/doc/html/rfc6749#section-5.1
    """

    id_token: str
    refresh_token: str = ""


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


def ask_token_endpoint(profile: Profile, **fields: str) -> TokenAnswer:
    """Raises `IdentityError`, which says what was refused."""
    form = {"client_id": profile.client_id, "client_secret": profile.client_secret, **fields}
    try:
        answer = httpx.post(profile.token_url, data=form, timeout=_SECONDS)
    except httpx.HTTPError as error:
        raise IdentityError(
            f"{profile.token_url} does not answer: {error}. Check the network and try again."
        ) from error
    try:
        if answer.is_success:
            return msgspec.json.decode(answer.content, type=TokenAnswer)
        said = msgspec.json.decode(answer.content, type=_Refusal)
    except msgspec.DecodeError as error:
        raise IdentityError(
            f"{profile.token_url} answered {answer.status_code} with what is no token: {error}."
            " Check the profile's token_url."
        ) from error
    raise IdentityError(
        f"Signing in was refused: {said.error} {said.error_description}".rstrip()
        + ". Run `dormouse login` (again)."
    )


class SignedIn:
    """The person who signed in to the profile's OAuth client on this machine."""

    def __init__(self, profile: Profile, folder: Path) -> None:
        self._profile = profile
        self._file = TokenFile(folder)
        self._given = ""

    @property
    def is_known(self) -> bool:
        """True once somebody has signed in. Raises `IdentityError` for a broken file."""
        return bool(self._profile.client_id) and self._file.get(self._profile.client_id) is not None

    def fetch(self, audience: str) -> str:
        """The kept token, or a renewed one. Raises `IdentityError`."""
        kept = self._file.get(audience)
        if kept is None:
            raise IdentityError("Nobody has signed in: run `dormouse login`.")
        # Who asks again for the token that they were given has had it refused.
        if kept.id_token != self._given and is_fresh(kept.id_token, time.time()):
            self._given = kept.id_token
            return self._given
        renewed = ask_token_endpoint(
            self._profile, grant_type="refresh_token", refresh_token=kept.refresh_token
        )
        self._file.put(
            audience,
            KeptTokens(
                refresh_token=renewed.refresh_token or kept.refresh_token,
                id_token=renewed.id_token,
            ),
        )
        self._given = renewed.id_token
        return self._given


def is_fresh(token: str, now: float) -> bool:
    """True if the token won't need renewing yet."""
    return bool(token) and now < expiry_of(token) - RENEW_SECONDS
