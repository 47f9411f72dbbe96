"""People sign in as they do with Google: choose an account, come back with a code, get tokens.

The parts of OpenID Connect that Google has for desktop and web clients, as strictly: PKCE, a
loopback redirect, codes that work once. https://developers.google.com/identity/protocols/oauth2/native-app
"""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NoReturn
from urllib.parse import urlencode, urlsplit

import msgspec
from flask import Flask, Response, abort, redirect, render_template_string, request
from werkzeug import Response as AnyResponse

from local.cloud.identity import TOKEN_LIFETIME, Issuer
from local.cloud.settings import (
    ACCOUNTS,
    DESKTOP_CLIENT_ID,
    DESKTOP_CLIENT_SECRET,
    WEB_CLIENT_ID,
    WEB_CLIENT_SECRET,
)

AUTHORIZE: Final = "/o/oauth2/v2/auth"
TOKEN: Final = "/token"  # noqa: S105 - a path
REVOKE: Final = "/revoke"
CODE_LIFETIME: Final = timedelta(minutes=1)
MAX_CODES: Final = 1000
_CLIENTS: Final = {DESKTOP_CLIENT_ID: DESKTOP_CLIENT_SECRET, WEB_CLIENT_ID: WEB_CLIENT_SECRET}
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Sign in to the local cloud</title>
<style>body{font:16px/1.5 system-ui;max-width:24rem;margin:4rem auto}
button,input{font:inherit;display:block;width:100%;box-sizing:border-box;padding:.6rem;
margin:.4rem 0}
</style>
<h1>Choose an account</h1>
<p>The local cloud stands in for Google. Nobody is asked for a password.</p>
<form method="post">
{% for account in accounts %}<button name="account" value="{{ account }}">{{ account }}</button>
{% endfor %}</form>
<form method="post"><label>Another account
<input type="email" name="account" required></label><button>Continue</button></form>
</html>"""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A person's consent, kept until its code is redeemed."""

    account: str
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    until: datetime


@dataclass
class SignIn:
    """Codes and refresh tokens, in memory: nobody is signed in any more after a restart."""

    issuer: Issuer
    now: Callable[[], datetime]
    _grants: dict[str, Grant] = field(default_factory=dict)
    _sessions: dict[str, str] = field(default_factory=dict)

    def code(self, grant: Grant) -> str:
        while len(self._grants) >= MAX_CODES:
            self._grants.pop(next(iter(self._grants)), None)
        code = secrets.token_urlsafe(32)
        self._grants[code] = grant
        return code

    def redeem(
        self, client_id: str, code: str, verifier: str, redirect_uri: str
    ) -> dict[str, object] | None:
        """The tokens for a code of that client that nobody has used, or nothing."""
        grant = self._grants.pop(code, None)
        if grant is None or grant.until < self.now() or grant.redirect_uri != redirect_uri:
            return None
        if grant.client_id != client_id:
            return None
        if challenge_of(verifier) != grant.challenge:
            return None
        refresh_token = secrets.token_urlsafe(32)
        self._sessions[refresh_token] = grant.account
        nonce = {"nonce": grant.nonce} if grant.nonce else {}
        tokens = self._tokens(grant.account, client_id, **nonce)
        return {**tokens, "refresh_token": refresh_token}

    def renew(self, client_id: str, refresh_token: str) -> dict[str, object] | None:
        """New tokens, or nothing for a refresh token that is none of this run's."""
        account = self._sessions.get(refresh_token)
        return None if account is None else self._tokens(account, client_id)

    def forget(self, refresh_token: str) -> bool:
        """Revokes the refresh token. False if it was unknown."""
        return self._sessions.pop(refresh_token, None) is not None

    def _tokens(self, account: str, client_id: str, **claims: str) -> dict[str, object]:
        id_token = self.issuer.token(account, client_id, azp=client_id, **claims)
        return {
            "id_token": id_token,
            "access_token": secrets.token_urlsafe(32),
            "expires_in": int(TOKEN_LIFETIME.total_seconds()),
            "scope": "openid email",
            "token_type": "Bearer",
        }


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def sign_people_in(app: Flask, sign_in: SignIn) -> None:
    """Answer for Google's authorization and token endpoints."""

    @app.get(AUTHORIZE)
    def choose_account() -> str:
        _check_request()
        return render_template_string(_PAGE, accounts=ACCOUNTS)

    @app.post(AUTHORIZE)
    def agree() -> AnyResponse:
        _check_request()
        asked = request.args
        account = request.form.get("account", "")
        if "@" not in account:
            _refuse("no account")
        grant = Grant(
            account=account,
            client_id=asked["client_id"],
            redirect_uri=asked["redirect_uri"],
            challenge=asked["code_challenge"],
            nonce=asked.get("nonce", ""),
            until=sign_in.now() + CODE_LIFETIME,
        )
        back = {"code": sign_in.code(grant), "scope": "openid email"}
        back |= {"state": asked["state"]} if "state" in asked else {}
        return redirect(f"{grant.redirect_uri}?{urlencode(back)}")

    @app.post(TOKEN)
    def give_tokens() -> Response:
        form = request.form
        client_id = form.get("client_id", "")
        if client_id not in _CLIENTS or form.get("client_secret") != _CLIENTS[client_id]:
            return _error("invalid_client", 401)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            fields = ("code", "code_verifier", "redirect_uri")
            tokens = sign_in.redeem(client_id, *(form.get(name, "") for name in fields))
        elif kind == "refresh_token":
            tokens = sign_in.renew(client_id, form.get("refresh_token", ""))
        else:
            return _error("unsupported_grant_type", 400)
        return _error("invalid_grant", 400) if tokens is None else _json(tokens)

    @app.post(REVOKE)
    def revoke() -> Response:
        known = sign_in.forget(request.form.get("token", ""))
        return _json({}) if known else _error("invalid_token", 400)


def _check_request() -> None:
    """As Google: who asks wrongly gets a page that says so, and nobody is sent anywhere."""
    asked = request.args
    target = urlsplit(asked.get("redirect_uri", ""))
    if asked.get("client_id") not in _CLIENTS:
        _refuse("invalid_client")
    if target.scheme != "http" or target.hostname not in _LOOPBACK or target.query:
        _refuse("redirect_uri_mismatch")
    if asked.get("response_type") != "code":
        _refuse("unsupported_response_type")
    if not {"openid", "email"} <= set(asked.get("scope", "").split()):
        _refuse("invalid_scope")
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        _refuse("PKCE with S256 is needed")


def _refuse(why: str) -> NoReturn:
    abort(Response(f"Error 400: {why}\n", 400, content_type="text/plain"))


def _error(code: str, status: int) -> Response:
    return _json({"error": code, "error_description": code.replace("_", " ")}, status)


def _json(value: object, status: int = 200) -> Response:
    response = Response(msgspec.json.encode(value), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
