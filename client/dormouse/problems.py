"""Decodes error responses: problems of RFC 9457, and `Retry-After`."""

from email.utils import parsedate_to_datetime

import msgspec

from dormouse.errors import RemoteError, kind_of
from dormouse.steps import Response


class _Problem(msgspec.Struct):
    """RFC 9457, with the service's own members."""

    code: str
    detail: str = ""
    retryable: bool = False
    request_id: str = ""


def problem_of(response: Response, now: float) -> RemoteError:
    """The service's refusal, or that of somebody on the way; `now` in seconds since 1970."""
    retry_after = _seconds(response.headers.get("retry-after", ""), now)
    kind = kind_of(response.status)
    try:
        said = msgspec.json.decode(response.body, type=_Problem)
    except msgspec.DecodeError:
        # Somebody on the way answered: Cloud Run itself, a gateway, a proxy.
        text = response.body[:200].decode(errors="replace").strip()
        return kind(
            status=response.status,
            code=f"http_{response.status}",
            detail=text or "an answer without a body, and not of Dormouse itself.",
            retryable=response.status == 503,  # noqa: PLR2004 - HTTP's
            retry_after=retry_after,
        )
    return kind(
        status=response.status,
        code=said.code,
        detail=said.detail,
        retryable=said.retryable or response.status == 503,  # noqa: PLR2004 - HTTP's
        request_id=said.request_id,
        retry_after=retry_after,
    )


def _seconds(retry_after: str, now: float) -> float | None:
    """Seconds or an HTTP date, as RFC 9110 has it."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, TypeError):
        return None
