"""The short plan of `./dev fuzz`: a few made-up requests of each kind, always the same."""

from collections.abc import Iterator

import pytest

from tests.e2e.system import System
from tests.fuzz.__main__ import HANDLERS
from tests.fuzz.api import attack, leave_dead_letters
from tests.fuzz.hooks import LEAK


@pytest.fixture
def harmless() -> Iterator[System]:
    """A system whose jobs call nobody. In one process, as that starts quickly."""
    system = System.start(embedded=True, environment={"DORMOUSE_HANDLERS": HANDLERS})
    try:
        yield system.wait_until_ready()
    finally:
        system.stop()


def test_made_up_requests(harmless: System, capfd: pytest.CaptureFixture[str]) -> None:
    """No answer is a 5xx, breaks the OpenAPI document, or shows anything of the inside."""
    leave_dead_letters(harmless.ports)
    came = attack(harmless.ports, examples=5, seed=1, phases=("fuzzing", "stateful"))
    assert came.holds, capfd.readouterr().out
    assert came.cases > 100


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):",
        '  File "/x", line 1',
        "/usr/lib/python3",
        "werkzeug.exceptions.NotFound",
        "google.api_core.exceptions.Aborted: 409",
        "<Request object at 0x7f>",
        "api/jobs/routes.py",
    ],
)
def test_a_leak_is_seen(text: str) -> None:
    """What the fuzzer looks for in answers includes what leaks look like."""
    assert LEAK.search(text)
