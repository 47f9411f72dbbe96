"""Finds credentials for a client that was given none."""

import os
from collections.abc import Mapping

from dormouse.identity.google import GoogleCredentials, credentials_file
from dormouse.identity.local import LocalCloud
from dormouse.identity.person import SignedIn
from dormouse.identity.tokens import Credentials, FixedToken, Tokens
from dormouse.profiles import Profile, folder


def tokens_for(
    profile: Profile,
    credentials: Credentials | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Tokens:
    """Tokens of these credentials, or of those that are found.

    Raises `IdentityError` for a file of credentials that can't be read. Found are, in this order:
    a token of the environment; for the local system its own, or a person who has signed in to it;
    what GOOGLE_APPLICATION_CREDENTIALS or DORMOUSE_IMPERSONATE says; a person who has signed in;
    gcloud's application-default login; the metadata server.
    """
    if credentials is not None:
        return Tokens(credentials, profile.of_tokens)
    if profile.token:
        return Tokens(FixedToken(profile.token), profile.of_tokens)
    named = environment.get("GOOGLE_APPLICATION_CREDENTIALS") or profile.impersonate
    # Google's credentials are nothing to the local cloud, and an account was asked for by name.
    may_be_a_person = not profile.account if profile.local_cloud else not named
    person = SignedIn(profile, folder(environment))
    if may_be_a_person and person.is_known:
        # Google makes a person's tokens for the client that they signed in with.
        return Tokens(person, profile.client_id)
    if profile.local_cloud:
        return Tokens(LocalCloud(profile.local_cloud, profile.account), profile.of_tokens)
    file = credentials_file(environment)
    if file is None:
        return Tokens(GoogleCredentials(None, profile.impersonate), profile.of_tokens)
    return Tokens(GoogleCredentials.from_file(file, profile.impersonate), profile.of_tokens)
