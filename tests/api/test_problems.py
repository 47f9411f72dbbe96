"""Errors: one form, one table, and nothing of the inside."""

import inspect
import logging
import re
from http import HTTPStatus
from types import ModuleType

import pytest

import api.http.errors
import identity.errors
import jobs.dead_letters.store
import jobs.errors
import jobs.schedules.errors
import jobs.webhooks.model
from api.http.problems import STATUS
from jobs.errors import DormouseError
from tests.api import expect
from tests.api.conftest import Caller, Harness
from tests.factories import TRACEPARENT

# Errors of `jobs` that end inside: in the worker, at start, or in `jobs` itself.
INSIDE = {
    jobs.errors.DormouseError,
    jobs.errors.JobExists,
    jobs.errors.QueueUnavailable,
    jobs.errors.SettingsError,
    jobs.errors.UndecodableMessage,
    jobs.errors.UndecodableEvent,
    jobs.schedules.errors.ScheduleExists,
}


def errors_in(module: ModuleType) -> set[type[DormouseError]]:
    return {
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, DormouseError) and kind.__module__ == module.__name__
    }


def test_every_error_has_a_status() -> None:
    """An error that can reach the API has a row in the table, and no row is for nothing."""
    modules = (
        jobs.errors,
        jobs.dead_letters.store,
        jobs.schedules.errors,
        jobs.webhooks.model,
        identity.errors,
        api.http.errors,
    )
    named = {error for module in modules for error in errors_in(module)}
    assert STATUS.keys() == named - INSIDE


def test_codes_are_distinct() -> None:
    """A code means one error."""
    assert len({error.code for error in STATUS}) == len(STATUS)


def test_retryable_goes_with_the_status() -> None:
    """What the caller did wrong stays wrong; an outage passes."""
    for error, status in STATUS.items():
        if error.retryable:
            assert status in {
                HTTPStatus.CONFLICT,
                HTTPStatus.TOO_MANY_REQUESTS,
                HTTPStatus.SERVICE_UNAVAILABLE,
            }
        else:
            assert status is not HTTPStatus.SERVICE_UNAVAILABLE


@pytest.mark.parametrize("error", [RuntimeError, DormouseError, jobs.errors.JobExists, KeyError])
def test_an_unexpected_exception_shows_nothing(
    harness: Harness,
    ada: Caller,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    """Its text is in the log and not in the answer."""

    def fail(*_: object) -> None:
        raise error("the password is swordfish")

    monkeypatch.setattr(harness.store, "list_summaries", fail)
    with caplog.at_level(logging.ERROR):
        response = ada.get("/v1/jobs")
    found = expect.problem(response, 500, "internal")
    assert "swordfish" not in response.get_data(as_text=True)
    assert not found.retryable
    assert "swordfish" in caplog.text


def test_a_request_is_found_by_its_id(harness: Harness, ada: Caller) -> None:
    """The id of the caller's own trace names the request, in the header and in the problem."""
    response = ada.get("/v1/jobs/x", headers={"traceparent": TRACEPARENT})
    found = expect.problem(response, 404, "job_not_found")
    assert found.request_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    first, second = harness.nobody.get("/x"), harness.nobody.get("/x")
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs/x", "/x", "/v1/health", "/v1/job-types"])
def test_answers_are_kept_by_nobody(ada: Caller, path: str) -> None:
    """No cache keeps an answer, and no browser guesses its type."""
    headers = ada.get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_every_view_asks_for_a_token(harness: Harness) -> None:
    """Of all routes, only those named here answer without a token, whatever the method."""
    public = {"/", "/docs", "/openapi.json", "/livez", "/v1/health"}
    seen = set()
    for rule in harness.app.url_map.iter_rules():
        path = re.sub("<.+?>", "x", rule.rule)
        # What the console answers without a session is in its own tests.
        if rule.endpoint.startswith("console."):
            continue
        for method in rule.methods or ():
            status = harness.nobody.request(method, path).status_code
            assert status < 400 if path in public else status == 401, (method, path)
        seen.add(path)
    assert public <= seen
    assert len(seen) > len(public)
