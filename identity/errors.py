"""Why a caller was not let in."""

from jobs.errors import DormouseError


class Unauthenticated(DormouseError):
    """Send a Google identity token for this service as `Authorization: Bearer TOKEN`."""

    code = "unauthenticated"


class PermissionDenied(DormouseError):
    """You may not do this."""

    code = "permission_denied"


class IdentityUnavailable(DormouseError):
    """The certificates to check tokens with can't be had at the moment."""

    code = "identity_unavailable"
    retryable = True
