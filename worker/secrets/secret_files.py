"""Where the worker finds secrets: files, which Cloud Run mounts from Secret Manager.

https://cloud.google.com/run/docs/configuring/services/secrets
"""

from dataclasses import dataclass
from pathlib import Path

from jobs.errors import DormouseError
from jobs.payloads.secret_bindings import NO_SECRETS as NO_BINDINGS
from jobs.payloads.secret_bindings import SecretBindings

MAX_BYTES = 64 * 1024
"""As large as a secret in Secret Manager."""
MIN_LENGTH = 8
"""What is shorter would be found by chance in what a handler says, and could not be kept out."""


class SecretUnavailable(DormouseError):
    """A secret that the payload refers to can't be read now."""

    code = "secret_unavailable"
    retryable = True


@dataclass(frozen=True)
class SecretFiles:
    """The secrets that payloads may refer to. The value of NAME is the file `FOLDER/NAME/value`.

    Each has a folder of its own, as Cloud Run mounts no two secrets into one.
    """

    folder: str = ""
    bindings: SecretBindings = NO_BINDINGS

    def read(self, name: str) -> str:
        """The value as it is now, without a line break at its end.

        Raises `SecretUnavailable`, whose text has the name and never a part of the value.
        """
        if name not in self.bindings.names:
            raise SecretUnavailable(f"This worker has no secret {name!r} for payloads.")
        try:
            with (Path(self.folder) / name / "value").open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise SecretUnavailable(
                f"The secret {name!r} can't be read: {error.strerror}."
            ) from None
        try:
            value = data.decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            # Without its cause, which holds the value.
            raise SecretUnavailable(f"The secret {name!r} is not text in UTF-8.") from None
        if len(data) > MAX_BYTES or len(value) < MIN_LENGTH:
            raise SecretUnavailable(
                f"The secret {name!r} must have from {MIN_LENGTH} characters to {MAX_BYTES} bytes."
            )
        return value


NO_SECRETS = SecretFiles()
