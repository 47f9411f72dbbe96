"""What is kept of a message that nobody could use: all that operators need, and no credentials."""

from base64 import b64encode
from collections.abc import Mapping

import msgspec

from jobs.payloads.redaction import CREDENTIALS, MARK, without_credentials
from worker.attempts.outcome import redacted

MAX_DATA_BYTES = 512 * 1024
"""A document has at most 1 MiB, a message up to 10 MB."""


def kept_data(data: bytes) -> str:
    """The message in base64, at most its first `MAX_DATA_BYTES`.

    In JSON, headers that are credentials become a mark, and all else stays; in anything else, what
    looks like a credential does.
    """
    try:
        shown = bytes(without_credentials(msgspec.Raw(data)))
        msgspec.json.decode(shown)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        shown = redacted(data.decode("latin-1")).encode("latin-1")
    return b64encode(shown[:MAX_DATA_BYTES]).decode()


def kept_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    return {
        name: MARK if name.lower() in CREDENTIALS else text for name, text in attributes.items()
    }
