"""For receivers of webhooks: is it really from Dormouse?"""

import json
from collections.abc import Mapping
from typing import Any

from dormouse.errors import ConfigurationError, DormouseError


class NotGenuine(DormouseError):
    """The signature is wrong, missing or too old. Answer 400, and do nothing of what it says."""


def verify(headers: Mapping[str, str], body: bytes | str, secret: str) -> dict[str, Any]:
    """The event, if `secret` signed it within the last five minutes. Raises `NotGenuine`.

    `body` is what was received, byte for byte. By the library of Standard Webhooks
    (https://www.standardwebhooks.com): `pip install 'dormouse-client[webhooks]'`.
    """
    try:
        from standardwebhooks import Webhook, WebhookVerificationError  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(
            "Verifying needs `pip install 'dormouse-client[webhooks]'`."
        ) from error
    try:
        verifier = Webhook(secret)
    except Exception as error:
        raise ConfigurationError(
            "The webhook's secret is none: it is `whsec_...`, as it was shown once."
        ) from error
    try:
        verifier.verify(body, dict(headers), json_parse=False)
        event: dict[str, Any] = json.loads(body)
    except (WebhookVerificationError, ValueError, OverflowError, OSError) as error:
        # The library leaves malformed signatures and times to Python's own errors.
        raise NotGenuine(f"This is no genuine webhook: {error}. Is it the right secret?") from error
    return event
