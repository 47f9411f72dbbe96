"""Dead letters are for operators."""

import pytest
from dormouse import NotFound, PermissionDenied

from tests.client.conftest import blocking
from tests.e2e.system import System


def test_dead_letters_are_for_operators(stack: System) -> None:
    """An operator lists them, and others are told which role they lack."""
    with blocking(stack, "operator@example.com") as operator, blocking(stack) as other:
        assert list(operator.dead_letters.list()) == []
        with pytest.raises(NotFound):
            operator.dead_letters.get("0")
        with pytest.raises(NotFound):
            operator.dead_letters.redrive("0")
        with pytest.raises(PermissionDenied, match="DORMOUSE_ROLES"):
            list(other.dead_letters.list())
