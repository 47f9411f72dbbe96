"""gRPC channels to Google's services or their emulators, and calls that outlast small faults."""

from collections.abc import Callable
from typing import Any

import grpc

from jobs.errors import DormouseError
from jobs.runtime import Runtime

TRY_SECONDS = 10.0
TRIES = 3
_FIRST_PAUSE_SECONDS = 0.1
_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)

_OPTIONS = [
    # The default waits up to two minutes before it tries a lost connection again.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Despite its name also how long one attempt to connect may take: a cold start needs time for
    # its handshake. https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    # Retrying is done here, where a change that was sent twice can be recognised.
    ("grpc.enable_retries", 0),
]

_TRANSIENT = frozenset(
    {
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNKNOWN,
    }
)


class Refused(Exception):
    """The service answered with a status that sending again would not change.

    `repeated` says that the request had been sent before, with its outcome unknown.
    """

    def __init__(self, status: grpc.StatusCode, *, repeated: bool) -> None:
        super().__init__(status.name)
        self.status = status
        self.repeated = repeated


def connect(host: str, emulator: str | None) -> grpc.Channel:
    """A channel to Google's `host` with the service's own credentials, or to an emulator.

    Connects with the first call. Must be made after a fork, never before.
    """
    if emulator:
        return grpc.insecure_channel(emulator, options=_OPTIONS)
    # Imported here, as a run on the emulators needs no credentials.
    import google.auth  # noqa: PLC0415 - see above
    from google.auth.transport.grpc import secure_authorized_channel  # noqa: PLC0415 - see above
    from google.auth.transport.requests import Request  # noqa: PLC0415 - see above

    credentials, _ = google.auth.default(scopes=_SCOPES)
    channel: grpc.Channel = secure_authorized_channel(
        credentials, Request(), f"{host}:443", options=_OPTIONS
    )
    return channel


def call(
    method: Callable[..., Any],
    request: Any,
    metadata: tuple[tuple[str, str], ...],
    unavailable: type[DormouseError],
    *,
    runtime: Runtime,
    tries: int = TRIES,
    seconds: float = TRY_SECONDS,
) -> Any:
    """Call a method, and again after faults that pass; each try may take so many seconds.

    Raises `Refused`, or `unavailable` when the tries are used up.
    """
    for number in range(tries):
        if number:
            runtime.sleep(runtime.uniform(0, _FIRST_PAUSE_SECONDS * 4**number))
        try:
            return method(request, timeout=seconds, metadata=metadata)
        except grpc.RpcError as error:
            if error.code() not in _TRANSIENT:
                raise Refused(error.code(), repeated=number > 0) from error
            last = error
    raise unavailable from last
