"""What a Pub/Sub push subscription sends.

https://cloud.google.com/pubsub/docs/push#receive_push
"""

import msgspec

from jobs.errors import UndecodableMessage


class Message(msgspec.Struct, frozen=True, kw_only=True):
    data: bytes = b""
    attributes: dict[str, str] = {}
    message_id: str = msgspec.field(default="", name="messageId")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One message. `delivery_attempt` is there only under a dead-letter policy."""

    message: Message
    subscription: str = ""
    delivery_attempt: int | None = msgspec.field(default=None, name="deliveryAttempt")


_decoder = msgspec.json.Decoder(Envelope)


def open_envelope(body: bytes) -> Envelope:
    """Raises `UndecodableMessage`."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UndecodableMessage(f"The request is not a Pub/Sub push: {error}") from error
