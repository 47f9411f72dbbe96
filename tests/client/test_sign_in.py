"""A person signs in to the running system, by HTTP as a browser would."""

import stat
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from dormouse import Dormouse, IdentityError
from dormouse.connecting import connected
from dormouse.identity.person import KeptTokens, SignedIn, TokenFile
from dormouse.profiles import LOCAL_CLIENT, LOCAL_CLIENT_SECRET, Profile, save
from dormouse.sign_in import sign_in, sign_out

from local.cloud.settings import DESKTOP_CLIENT_ID, DESKTOP_CLIENT_SECRET
from local.services import url
from tests.client.browser import browser
from tests.e2e.system import System


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DORMOUSE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    return tmp_path


@pytest.fixture
def profile(stack: System) -> Profile:
    """The profile that `dormouse login` makes for the local system."""
    cloud = url(stack.ports.local)
    return Profile(
        url=url(stack.ports.api),
        client_id=LOCAL_CLIENT,
        client_secret=LOCAL_CLIENT_SECRET,
        authorize_url=f"{cloud}/o/oauth2/v2/auth",
        token_url=f"{cloud}/token",
        revoke_url=f"{cloud}/revoke",
    )


def test_the_local_client_is_the_local_clouds() -> None:
    """The client has its id by heart, as it imports nothing of ours."""
    assert (LOCAL_CLIENT, LOCAL_CLIENT_SECRET) == (DESKTOP_CLIENT_ID, DESKTOP_CLIENT_SECRET)


def test_a_person_signs_in_and_submits(profile: Profile, folder: Path) -> None:
    """The API takes the token that Google makes for the desktop client."""
    assert sign_in(profile, folder, browser("ann@example.com"), 30) == "ann@example.com"
    with Dormouse.over(connected(profile)) as client:
        assert client.me().member == "user:ann@example.com"
        assert client.submit("client.echo", {"value": 1}).result(60) == {"value": 1}


def test_tokens_are_kept_for_their_owner_only(profile: Profile, folder: Path) -> None:
    """The file's mode is 0600, whatever it was before."""
    (folder / "tokens.json").write_text("{}")
    (folder / "tokens.json").chmod(0o644)
    sign_in(profile, folder, browser("ann@example.com"), 30)
    assert stat.S_IMODE((folder / "tokens.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(save(profile).stat().st_mode) == 0o600


def test_a_token_that_ends_is_renewed(profile: Profile, folder: Path) -> None:
    """By the refresh token, and the new one is kept for the next command."""
    sign_in(profile, folder, browser("ann@example.com"), 30)
    file = TokenFile(folder)
    kept = file.get(profile.client_id)
    assert kept is not None
    file.put(profile.client_id, KeptTokens(refresh_token=kept.refresh_token))
    with Dormouse.over(connected(profile)) as client:
        assert client.me().member == "user:ann@example.com"
    renewed = file.get(profile.client_id)
    assert renewed is not None
    assert renewed.id_token


def test_who_has_signed_out_is_nobody(profile: Profile, folder: Path) -> None:
    """Neither here nor at the issuer: the refresh token is worth nothing any more."""
    sign_in(profile, folder, browser("ann@example.com"), 30)
    kept = TokenFile(folder).get(profile.client_id)
    assert kept is not None
    assert sign_out(profile, folder)
    assert not SignedIn(profile, folder).is_known
    assert not sign_out(profile, folder)
    TokenFile(folder).put(profile.client_id, KeptTokens(refresh_token=kept.refresh_token))
    with pytest.raises(IdentityError, match="dormouse login"):
        SignedIn(profile, folder).fetch(profile.client_id)


def test_a_redirect_with_another_state_changes_nothing(profile: Profile, folder: Path) -> None:
    """Some page sends a code of its own to the loopback port: it is not taken."""

    def forged(back: str) -> str:
        state = parse_qs(urlsplit(back).query)["state"][0]
        answer = httpx.get(back.replace(state, "guessed"), trust_env=False)
        assert answer.status_code == 404
        return back

    assert sign_in(profile, folder, browser("ann@example.com", forged), 30) == "ann@example.com"


def test_refusing_is_an_answer(profile: Profile, folder: Path) -> None:
    """A person who declines in the browser sees that in the terminal."""

    def decline(back: str) -> str:
        target = urlsplit(back)
        state = parse_qs(target.query)["state"][0]
        return f"http://{target.netloc}/?error=access_denied&state={state}"

    with pytest.raises(IdentityError, match="access_denied"):
        sign_in(profile, folder, browser("ann@example.com", decline), 30)


def test_nobody_waits_for_ever(profile: Profile, folder: Path) -> None:
    """A page that nobody answers ends the waiting."""
    with pytest.raises(IdentityError, match="again"):
        sign_in(profile, folder, lambda _: None, 0)


def test_a_client_with_a_wrong_secret_is_refused(profile: Profile, folder: Path) -> None:
    """The token endpoint's own words are shown."""
    wrong = replace(profile, client_secret="guessed")
    with pytest.raises(IdentityError, match="invalid_client"):
        sign_in(wrong, folder, browser("ann@example.com"), 30)
