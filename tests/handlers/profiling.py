"""Profiles tables as the worker does."""

from typing import Any

import msgspec

from handlers import REGISTRY
from handlers.tables.profile import TableProfile
from jobs.context import Context
from tests.handlers.recording import a_context

JOB_TYPE = REGISTRY.get("table.profile")


def profiled(ctx: Context | None = None, **payload: Any) -> TableProfile:
    """As the worker does it: from the payload's JSON."""
    result = JOB_TYPE.run(JOB_TYPE.decode(msgspec.json.encode(payload)), ctx or a_context())
    assert isinstance(result, TableProfile)
    encoded = msgspec.json.encode(result)
    assert len(encoded) <= 256 * 1024
    assert msgspec.json.decode(encoded, type=TableProfile) == result
    return result
