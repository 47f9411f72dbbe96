"""Google's credentials from what their file holds, each kind by its own loader."""

from collections.abc import Mapping
from typing import Any, Final

from dormouse.errors import IdentityError

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)


def credentials_of(info: Mapping[str, Any] | None) -> Any:
    """Loads the credentials that the file describes; without a file, those of the machine.

    The file's own impersonation is left out: whoever may impersonate gets the ID token in one
    step. Raises `IdentityError` for a kind that isn't known, `ValueError` for a broken file.
    """
    if info is None:
        from google.auth import compute_engine  # noqa: PLC0415 - heavy

        return compute_engine.Credentials(scopes=SCOPES)
    own = dict(info.get("source_credentials") or info)
    own.pop("service_account_impersonation_url", None)
    loader = _loader(own)
    return loader(own, scopes=SCOPES)


def _loader(info: Mapping[str, Any]) -> Any:
    # google-auth has no types for these, and each import takes its time.
    kind = info.get("type")
    made: Any
    if kind == "authorized_user":
        from google.oauth2 import credentials as made  # noqa: PLC0415 - see above

        return made.Credentials.from_authorized_user_info
    if kind == "service_account":
        from google.oauth2 import service_account as made  # noqa: PLC0415 - see above

        return made.Credentials.from_service_account_info
    if kind == "external_account_authorized_user":
        from google.auth import external_account_authorized_user as made  # noqa: PLC0415 - see above

        return lambda info, scopes: made.Credentials.from_info({**info, "scopes": scopes})
    if kind == "external_account":
        return _federated(info)
    raise IdentityError(
        f"Credentials of the kind {kind} are unknown: run `gcloud auth application-default login`,"
        " or `dormouse login`."
    )


def _federated(info: Mapping[str, Any]) -> Any:
    made: Any
    if "aws" in str(info.get("subject_token_type")):
        from google.auth import aws as made  # noqa: PLC0415 - see above
    elif "executable" in (info.get("credential_source") or {}):
        from google.auth import pluggable as made  # noqa: PLC0415 - see above
    else:
        from google.auth import identity_pool as made  # noqa: PLC0415 - see above
    return made.Credentials.from_info
