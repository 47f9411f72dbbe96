"""Payloads to JSON, and results from it: dataclasses, msgspec, pydantic or plain."""

import json
from typing import Any, TypeVar

import msgspec

from dormouse.errors import ConfigurationError, ResultMismatch

R = TypeVar("R")


def encoded(value: Any) -> bytes:
    """JSON in UTF-8. Raises `ConfigurationError` for what JSON can't say, NaN for example."""
    try:
        plain = msgspec.to_builtins(value, enc_hook=_from_pydantic, str_keys=True)
        return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"This can't be sent as JSON: {error}. Give plain values, a dataclass, or a model of"
            " msgspec or pydantic."
        ) from error


def decoded(raw: msgspec.Raw, kind: Any) -> Any:
    """A result as the type that was asked for. Raises `ResultMismatch`."""
    text = bytes(raw)
    try:
        if hasattr(kind, "model_validate_json"):
            return kind.model_validate_json(text)
        return msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, ValueError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise ResultMismatch(
            f"The result is no {name}: {error}. `job.output` has it as it is; `dormouse types`"
            " shows what the job type returns."
        ) from error


def _from_pydantic(value: Any) -> Any:
    if isinstance(value, msgspec.Raw):
        return json.loads(bytes(value))
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(f"objects of type {type(value).__name__} are unknown")
