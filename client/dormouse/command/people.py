"""Commands about who calls."""

import webbrowser
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from dormouse import profiles
from dormouse.command.safe_text import safe
from dormouse.command.session import Session, pass_session, with_output
from dormouse.doctor import examine
from dormouse.errors import ConfigurationError
from dormouse.profiles import DEFAULT, Profile
from dormouse.sign_in import sign_in, sign_out


class _Desktop(msgspec.Struct):
    client_id: str
    client_secret: str = ""
    auth_uri: str = profiles.GOOGLE_AUTHORIZE
    token_uri: str = profiles.GOOGLE_TOKEN


class _ClientFile(msgspec.Struct):
    """The JSON that Google's console offers for a desktop client."""

    installed: _Desktop


@click.command()
@click.argument("url", required=False)
@click.option(
    "--client-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The JSON of the deployment's desktop OAuth client.",
)
@click.option("--audience", help="What service accounts' tokens are made for, if not the URL.")
@click.option("--no-browser", is_flag=True, help="Only print the page to open.")
@click.option("--timeout", type=float, default=300.0, show_default=True)
@pass_session
def login(
    session: Session,
    url: str | None,
    client_file: Path | None,
    audience: str | None,
    no_browser: bool,
    timeout: float,
) -> None:
    """Sign in to the service at URL in a browser, and remember both as a profile."""
    profile = _profile(session, url, client_file, audience)
    name = session.profile or DEFAULT

    def show(page: str) -> None:
        session.errors.print("Sign in at:", markup=False)
        session.errors.print(page, markup=False, soft_wrap=True)
        if not no_browser:
            webbrowser.open(page)

    email = sign_in(profile, profiles.folder(), show, timeout)
    path = profiles.save(profile, name)
    session.errors.print(f"Signed in as {safe(email)}; profile `{name}` in {path}.", markup=False)


@click.command()
@pass_session
def logout(session: Session) -> None:
    """Forget the tokens of whoever has signed in."""
    known = sign_out(profiles.load(session.profile), profiles.folder())
    session.errors.print("Signed out." if known else "Nobody had signed in.", markup=False)


@click.command()
@with_output
@pass_session
def whoami(session: Session) -> None:
    """Show whom the service takes you for, and your roles."""
    columns = (
        ("member", lambda me: me.member),
        ("issuer", lambda me: me.issuer),
        ("roles", lambda me: ", ".join(f"{one.role} ({' '.join(one.types)})" for one in me.roles)),
    )
    session.printer.item(session.client.me(), columns)


@click.command()
@pass_session
def doctor(session: Session) -> None:
    """Say which link between here and the service is missing, and what to run."""
    for finding in examine(session.profile):
        mark = "ok  " if finding.is_fine else "FAIL"
        session.console.print(f"{mark} {safe(finding.says)}", markup=False, soft_wrap=True)
        if finding.fix:
            session.console.print(f"     {safe(finding.fix)}", markup=False, soft_wrap=True)
        session.status = max(session.status, finding.status if not finding.is_fine else 0)


def _profile(
    session: Session, url: str | None, client_file: Path | None, audience: str | None
) -> Profile:
    try:
        known = profiles.load(session.profile)
    except ConfigurationError:
        known = Profile()  # this command makes it
    given = Profile(url=(url or known.url).rstrip("/"))
    profile = replace(known, url=given.url, audience=audience or known.audience, token="")
    if url and known.url and given.url != known.url:
        profile = replace(given, audience=audience or "")
    if not profile.url:
        raise ConfigurationError("Where is the service? `dormouse login https://...`.")
    if client_file is None:
        return profile
    try:
        desktop = msgspec.json.decode(client_file.read_bytes(), type=_ClientFile).installed
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigurationError(
            f"{client_file} is not the JSON of a desktop client: {error}. Download it from the"
            " console, APIs & Services, Credentials."
        ) from error
    return replace(
        profile,
        client_id=desktop.client_id,
        client_secret=desktop.client_secret,
        authorize_url=desktop.auth_uri,
        token_url=desktop.token_uri,
    )
