"""What becomes of a handler's result or exception."""

import msgspec
import pytest

from jobs.context import PermanentError, RetryAfter
from worker.attempts.outcome import (
    MAX_RESULT_BYTES,
    Failed,
    Succeeded,
    of_exception,
    of_result,
    redacted,
)


def test_result_is_json() -> None:
    """A result is kept as JSON text."""
    assert of_result({"a": [1, None]}) == Succeeded('{"a":[1,null]}')


@pytest.mark.parametrize("result", [object(), "caf\udce9", {1j: 2}])
def test_no_json(result: object) -> None:
    """A result that can't be JSON fails the job for good, and says so."""
    failed = of_result(result)
    assert isinstance(failed, Failed)
    assert (failed.permanent, failed.error.code) == (True, "result_invalid")


def test_too_large() -> None:
    """A result larger than a document can hold fails the job for good, with the sizes."""
    failed = of_result("x" * MAX_RESULT_BYTES)
    assert isinstance(failed, Failed)
    assert (failed.permanent, failed.error.code) == (True, "result_too_large")
    assert str(MAX_RESULT_BYTES) in failed.error.message


def test_asked_for() -> None:
    """What a handler asks for by raising is done, and needs no traceback."""
    permanent = of_exception(PermanentError("no use"))
    assert (permanent.permanent, permanent.delay, permanent.error.traceback) == (True, None, None)
    later = of_exception(RetryAfter(7))
    assert later.delay is not None
    assert (later.permanent, later.delay.total_seconds()) == (False, 7)


def test_text_that_is_no_unicode() -> None:
    """A file's name in an error may be no Unicode; the error can be kept all the same."""
    error = of_exception(OSError("caf\udce9.csv")).error
    assert error.message == "caf?.csv"
    assert "\udce9" not in (error.traceback or "")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.def.ghi",
        "https://ann:hunter2@example.com/",
        "https://example.com/?token=hunter2&x=1",
        'api_key="hunter2"',
        "password: hunter2",
    ],
)
def test_credentials_are_redacted(text: str) -> None:
    """What looks like a credential does not stay in an error."""
    shown = redacted(text)
    assert "[redacted]" in shown
    assert "hunter2" not in shown
    assert "abc.def" not in shown


def test_long_texts_are_cut() -> None:
    """An error stays small, whatever the handler says."""
    error = of_exception(ValueError("x" * 1_000_000)).error
    assert len(error.message) <= 1000
    assert len(error.traceback or "") <= 4000


@pytest.mark.parametrize(
    "result",
    [
        msgspec.Raw(b"not json"),
        msgspec.Raw(b'{"a":1,"a":2}'),
        float("nan"),
        {"deep": [1, float("inf")]},
        {"a": msgspec.Raw(b"[" * 600 + b"]" * 600)},
        10**310,
        [0] * 20_000,
    ],
    ids=["not json", "name twice", "nan", "infinity", "deep", "large", "many"],
)
def test_a_result_that_is_no_strict_json_is_never_kept(result: object) -> None:
    """It fails its job with the reason, and poisons no list that the job would stand in."""
    outcome = of_result(result)
    assert isinstance(outcome, Failed)
    assert (outcome.error.code, outcome.permanent) == ("result_invalid", True)
