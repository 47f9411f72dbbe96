"""Firestore routes a call by its header, which a named database insists on."""

from typing import Any
from unittest.mock import MagicMock

import pytest

from jobs.gcp.firestore.client import Firestore
from tests.factories import some_settings


@pytest.mark.parametrize(
    ("database", "header"),
    [
        ("(default)", "project_id=test-project&database_id=%28default%29"),
        ("pr-7", "project_id=test-project&database_id=pr-7"),
    ],
)
def test_every_call_is_routed(database: str, header: str) -> None:
    """In the form of AIP-4222, percent-encoded; the emulator would take any."""
    channel: Any = MagicMock()
    Firestore(channel, some_settings(database=database)).get("a document")
    metadata = channel.unary_unary.return_value.call_args.kwargs["metadata"]
    assert dict(metadata)["x-goog-request-params"] == header
