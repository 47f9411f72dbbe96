"""Signs a person in: the browser, a loopback redirect, PKCE, and tokens in a file of their own.

https://developers.google.com/identity/protocols/oauth2/native-app, RFC 8252, RFC 7636.
"""

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from dormouse.errors import ConfigurationError, IdentityError
from dormouse.identity.person import KeptTokens, TokenAnswer, TokenFile, ask_token_endpoint
from dormouse.identity.tokens import claims_of
from dormouse.profiles import Profile

SCOPE: Final = "openid email"
WAIT_SECONDS: Final = 300.0
_ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")
_DONE: Final = b"Signed in. You can close this window, and go on in the terminal.\n"
_FAILED: Final = b"Signing in failed: the terminal says why.\n"


def sign_in(
    profile: Profile,
    folder: Path,
    show_url: Callable[[str], object],
    seconds: float = WAIT_SECONDS,
) -> str:
    """The email of whoever signed in, once their tokens are kept.

    `show_url` gets the page to open. Raises `IdentityError` if nobody agrees within `seconds`.
    """
    if not profile.client_id:
        raise ConfigurationError(
            "Which OAuth client signs people in? Give `dormouse login --client-file` the JSON of"
            " the deployment's desktop client: docs/deploy.md says how to make one."
        )
    verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
    with closing(_Redirects(state)) as redirects:
        asked = {
            "client_id": profile.client_id,
            "redirect_uri": redirects.uri,
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(verifier),
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        show_url(f"{profile.authorize_url}?{urlencode(asked)}")
        code = redirects.wait(seconds)
        tokens = ask_token_endpoint(
            profile,
            grant_type="authorization_code",
            code=code,
            code_verifier=verifier,
            redirect_uri=redirects.uri,
        )
    email = _checked(tokens, profile.client_id, nonce)
    if not tokens.refresh_token:
        raise IdentityError("The token endpoint gave no refresh token: sign in again.")
    kept = KeptTokens(refresh_token=tokens.refresh_token, id_token=tokens.id_token)
    TokenFile(folder).put(profile.client_id, kept)
    return email


def sign_out(profile: Profile, folder: Path) -> bool:
    """Forget the person's tokens, and tell the issuer so. False if nobody had signed in."""
    file = TokenFile(folder)
    kept = file.get(profile.client_id)
    if kept is None:
        return False
    file.put(profile.client_id, None)
    with suppress(httpx.HTTPError):
        # What is forgotten here is worth nothing elsewhere either, if Google can be told.
        httpx.post(profile.revoke_url, data={"token": kept.refresh_token}, timeout=10.0)
    return True


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _checked(tokens: TokenAnswer, client_id: str, nonce: str) -> str:
    """The email that the token names.

    It came straight from the token endpoint, so TLS stands for its signature (OpenID Connect Core,
    3.1.3.7); the service checks that too. Raises `IdentityError`.
    """
    claims: dict[str, Any] = claims_of(tokens.id_token)
    wrong = [
        name
        for name, right in (
            ("iss", claims.get("iss") in _ISSUERS),
            ("aud", claims.get("aud") == client_id),
            ("nonce", secrets.compare_digest(str(claims.get("nonce", "")), nonce)),
            ("exp", float(claims.get("exp", 0)) > time.time()),
            ("email_verified", claims.get("email_verified") is True),
        )
        if not right
    ]
    if wrong:
        raise IdentityError(
            f"The identity token is not the one that was asked for ({', '.join(wrong)}):"
            " sign in again, and look at this machine's clock."
        )
    return str(claims["email"])


class _Redirects:
    """Waits on loopback for the browser to come back with our state."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._code = ""
        self._refusal = ""
        waiting = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, text = waiting.take(urlsplit(self.path))
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(text)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's
                """Stays silent, as the path contains the code."""

        Handler.timeout = 5.0  # somebody who connects and says nothing holds it up no longer
        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    def close(self) -> None:
        self._server.server_close()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def wait(self, seconds: float) -> str:
        """The code. Raises `IdentityError`."""
        until = time.monotonic() + seconds
        while not self._code and not self._refusal:
            left = until - time.monotonic()
            if left <= 0:
                raise IdentityError("Nobody signed in in time: run `dormouse login` again.")
            self._server.timeout = left
            self._server.handle_request()
        if self._refusal:
            raise IdentityError(f"Signing in was refused: {self._refusal}.")
        return self._code

    def take(self, target: Any) -> tuple[int, bytes]:
        """Status and text for a request. A request without our state changes nothing."""
        said = {name: values[0] for name, values in parse_qs(target.query).items()}
        if not secrets.compare_digest(said.get("state", "").encode(), self._state.encode()):
            return 404, b"Nothing here.\n"
        self._code, self._refusal = said.get("code", ""), said.get("error", "")
        if not self._code and not self._refusal:
            self._refusal = "no code came back"
        return (400, _FAILED) if self._refusal else (200, _DONE)
