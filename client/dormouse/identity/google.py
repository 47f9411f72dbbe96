"""ID tokens from Google's credentials: a key file, the metadata server, or by impersonation.

https://cloud.google.com/docs/authentication/get-id-token
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from dormouse.errors import IdentityError
from dormouse.identity.google_sources import credentials_of

_ID_TOKENS: Final = (
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{}:generateIdToken"
)
CREATOR: Final = "roles/iam.serviceAccountOpenIdTokenCreator"


def credentials_file(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Application Default Credentials, if there are any in a file.

    https://cloud.google.com/docs/authentication/application-default-credentials
    """
    if named := environment.get("GOOGLE_APPLICATION_CREDENTIALS"):
        return Path(named)
    if own := environment.get("CLOUDSDK_CONFIG"):
        folder = Path(own)
    elif sys.platform == "win32":
        folder = Path(environment.get("APPDATA", "")) / "gcloud"
    else:
        folder = Path(environment.get("HOME") or Path.home()) / ".config" / "gcloud"
    path = folder / "application_default_credentials.json"
    return path if path.is_file() else None


class GoogleCredentials:
    """The principal of Application Default Credentials, or an account that it impersonates.

    `info` is what the credentials' file holds; None stands for the metadata server.
    """

    def __init__(
        self, info: Mapping[str, Any] | None, impersonate: str = "", request: Any = None
    ) -> None:
        self._info = info
        self._impersonate = impersonate
        self._request = request

    @classmethod
    def from_file(cls, path: Path, impersonate: str = "") -> "GoogleCredentials":
        """Raises `IdentityError` for a file that can't be read."""
        try:
            info = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise IdentityError(
                f"The credentials in {path} can't be read: {error}. Correct"
                " GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`."
            ) from error
        return cls(info, impersonate)

    @property
    def kind(self) -> str:
        """The `type` of the credentials' file, or `metadata`."""
        return "metadata" if self._info is None else str(self._info.get("type"))

    def fetch(self, audience: str) -> str:
        """Raises `IdentityError`."""
        # google-auth takes long to import, and whoever signs in or runs locally needs none of it.
        from google.auth import exceptions  # noqa: PLC0415 - see above

        try:
            return self._fetch(audience)
        except (exceptions.GoogleAuthError, ValueError, KeyError) as error:
            raise IdentityError(
                f"Google gave no identity token for {self.kind} credentials: {error}."
                " `dormouse doctor` says which link is missing."
            ) from error

    def _fetch(self, audience: str) -> str:
        from dormouse.identity.google_transport import HttpxRequest  # noqa: PLC0415 - as in fetch

        request = self._request or HttpxRequest()
        info = self._info
        target = self._impersonate or _target(info)
        if target:
            return _by_impersonation(credentials_of(info), target, audience, info, request)
        if info is None or info.get("type") == "service_account":
            return _direct(info, audience, request)
        raise IdentityError(
            f"Credentials of the kind {self.kind} can't get an identity token for {audience}:"
            " name a service account that they may impersonate in DORMOUSE_IMPERSONATE"
            f" (it needs {CREATOR} for you), or run `dormouse login`."
        )


def _direct(info: Mapping[str, Any] | None, audience: str, request: Any) -> str:
    """A service account's own token."""
    from google.auth import compute_engine  # noqa: PLC0415 - as in fetch
    from google.oauth2 import service_account  # noqa: PLC0415 - as in fetch

    if info is None:
        credentials = compute_engine.IDTokenCredentials(
            request, audience, use_metadata_identity_endpoint=True
        )
    else:
        made: Any = service_account.IDTokenCredentials
        credentials = made.from_service_account_info(info, target_audience=audience)
    credentials.refresh(request)
    return str(credentials.token)


def _target(info: Mapping[str, Any] | None) -> str:
    """The account that the file itself says to impersonate."""
    url = str((info or {}).get("service_account_impersonation_url") or "")
    return url.rpartition("/")[2].partition(":")[0]


class _IdToken(msgspec.Struct):
    token: str


def _by_impersonation(
    source: Any, target: str, audience: str, info: Mapping[str, Any] | None, request: Any
) -> str:
    """A token of the account that `source` may impersonate.

    https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
    """
    source.refresh(request)
    asked = {
        "audience": audience,
        "includeEmail": True,
        "delegates": list((info or {}).get("delegates") or ()),
    }
    headers = {"Content-Type": "application/json"}
    source.apply(headers)
    answer = request(
        _ID_TOKENS.format(target), method="POST", body=msgspec.json.encode(asked), headers=headers
    )
    if answer.status == 200:  # noqa: PLR2004 - HTTP's
        return msgspec.json.decode(answer.data, type=_IdToken).token
    raise IdentityError(
        f"{target} can't be impersonated ({answer.status}): "
        f"{answer.data[:300].decode(errors='replace')}"
        f"\nLet yourself: `gcloud iam service-accounts add-iam-policy-binding {target}"
        f" --member=YOU --role={CREATOR}`, and switch on iamcredentials.googleapis.com."
    )
