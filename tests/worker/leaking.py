"""A job type that tells the secret that it was given in every way that it can."""

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from jobs.context import Context, PermanentError, RetryAfter
from jobs.job.retry import RetryPolicy
from jobs.job_types import job_type

FAILING = frozenset({"error", "permanent", "later", "chain", "long error"})
MODES = (
    *sorted(FAILING),
    "result",
    "key",
    "number",
    "cut",
    "quoted",
    "log",
    "library log",
    "log exception",
    "progress",
    "checkpoint",
    "step",
)
seen: list[str] = []
"""What the handler was given; tests empty it."""


class Leak(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: str
    mode: str = "nothing"

    def __post_init__(self) -> None:
        if self.secret.startswith("refuse me"):
            raise ValueError(f"refused: {self.secret}")


class Told(msgspec.Struct, frozen=True):
    text: str
    more: Any = None


@job_type(
    "test.leak",
    example=Leak("x"),
    timeout=timedelta(seconds=10),
    retry=RetryPolicy(max_attempts=3, first_seconds=0.01, longest_seconds=0.05),
    secret_fields=("secret",),
)
def leak(payload: Leak, context: Context) -> Told:  # noqa: C901, PLR0912 - a list of leaks
    """Tell the secret, as the mode says."""
    secret = payload.secret
    seen.append(secret)
    mode = payload.mode
    more: Any = 1.0
    match mode:
        case "error":
            raise ValueError(f"refused {secret} {secret!r}")
        case "permanent":
            raise PermanentError(f"no use: {secret}")
        case "later":
            raise RetryAfter(0.01, f"wait for {secret}")
        case "chain":
            raise ValueError("see above") from KeyError(secret)
        case "long error":
            raise ValueError("x" * 990 + secret)
        case "result":
            more = {"deep": [secret, {"again": f"it is {secret}!"}]}
        case "key":
            more = {secret: 1}
        case "number":
            more = [int(secret)] if secret.isdecimal() else secret
        case "cut":
            more = [secret[:-1], f"it is {secret[:-3]}"]
        case "quoted":
            more = [
                quote(secret),
                quote(secret, safe=""),
                repr(secret),
                f"{msgspec.json.encode(secret)!r}",
            ]
        case "log":
            context.log.info("the secret is %s", secret)
        case "library log":
            logging.getLogger("library").debug("sent %r", {"token": secret})
        case "log exception":
            logging.getLogger("library").error("failed", exc_info=KeyError(secret))
        case "progress":
            context.progress(0.5, f"with {secret}")
        case "checkpoint":
            context.checkpoint({"secret": secret})
        case "step":
            context.step("ask", lambda: [secret])
    return Told(mode, more=more)
