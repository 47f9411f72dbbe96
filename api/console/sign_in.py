"""People sign in with Google: the authorization code flow of a web client, on the server.

https://developers.google.com/identity/openid-connect/openid-connect
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import msgspec

from identity.errors import IdentityUnavailable, Unauthenticated

_GOOGLE: Final = (
    "https://accounts.google.com/o/oauth2/v2/auth",
    "https://oauth2.googleapis.com/token",
)
_SECONDS: Final = 10
_BYTES: Final = 64 * 1024


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who is on the way to Google and back must bring along again."""

    state: str
    nonce: str
    verifier: str
    onward: str

    @classmethod
    def new(cls, onward: str, random_bytes: Callable[[int], bytes]) -> "Attempt":
        def token(size: int) -> str:
            return urlsafe_b64encode(random_bytes(size)).decode()

        return cls(
            state=token(24),
            nonce=token(24),
            verifier=token(48),
            onward=onward,
        )

    @classmethod
    def read(cls, cookie: str) -> "Attempt | None":
        try:
            return msgspec.json.decode(urlsafe_b64decode(cookie), type=cls)
        except (ValueError, msgspec.MsgspecError):
            return None

    def written(self) -> str:
        return urlsafe_b64encode(msgspec.json.encode(self)).decode()


class WebClient(msgspec.Struct, frozen=True, kw_only=True):
    """The deployment's OAuth client, and where it sends people.

    `stand_ins` is where the local cloud has Google's two endpoints: as a browser reaches it, and as
    this service does, if that is elsewhere.
    """

    id: str
    secret: str
    stand_ins: tuple[str, ...] = ()

    def address(self, attempt: Attempt, back: str) -> str:
        """Where to send the person, who comes back to `back`."""
        challenge = urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest())
        asked = {
            "client_id": self.id,
            "redirect_uri": back,
            "response_type": "code",
            "response_mode": "query",
            "scope": "openid email",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._endpoints()[0]}?{urlencode(asked)}"

    def token(self, code: str, attempt: Attempt, back: str) -> str:
        """The identity token for the code; its signature is still to be verified.

        Raises `Unauthenticated` for a code that isn't this attempt's, `IdentityUnavailable`.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.id,
            "client_secret": self.secret,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }
        request = Request(self._endpoints()[1], urlencode(form).encode())  # noqa: S310 - https, or local
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - likewise
                tokens = msgspec.json.decode(answer.read(_BYTES), type=dict[str, Any])
        except URLError as error:
            if getattr(error, "code", 500) < 500:  # noqa: PLR2004 - theirs
                raise Unauthenticated("The sign-in was not completed. Try again.") from error
            raise IdentityUnavailable("Google can't be reached to sign in.") from error
        except (OSError, msgspec.DecodeError) as error:
            raise IdentityUnavailable("Google can't be reached to sign in.") from error
        token = tokens.get("id_token")
        if not isinstance(token, str) or _claims(token).get("nonce") != attempt.nonce:
            raise Unauthenticated("The sign-in is not the one that was begun here. Try again.")
        return token

    def _endpoints(self) -> tuple[str, str]:
        if self.stand_ins:
            return f"{self.stand_ins[0]}/o/oauth2/v2/auth", f"{self.stand_ins[-1]}/token"
        return _GOOGLE


def _claims(token: str) -> dict[str, Any]:
    """What the token says. It came from Google itself over TLS, and is verified with each use."""
    try:
        part = token.split(".")[1]
        return msgspec.json.decode(urlsafe_b64decode(part + "=="), type=dict[str, Any])
    except (IndexError, ValueError, msgspec.MsgspecError):
        return {}
