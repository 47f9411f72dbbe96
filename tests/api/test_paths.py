"""Paths, methods, and ids that are none."""

import re

import pytest

from tests.api import expect
from tests.api.conftest import Caller, Harness
from tests.factories import a_job

HERE = a_job().id


@pytest.mark.parametrize(
    "job_id",
    [
        "f" * 32,
        "x",
        "0",
        HERE.upper(),
        HERE + "0",
        HERE[:-1],
        f"{HERE}%0A",
        f"%20{HERE}",
        ".",
        "..",
        "a.b",
        "__x__",
        "a/b",
        "a%2Fb",
        "a/../b",
        f"{HERE}/",
        f"{HERE}/x",
        "a:1",
        ":",
        "%00",
        "%ff",
        "%F0%9F%90%AD",
        "a%0Ab",
        "'; DROP TABLE jobs; --",
        "a" * 2000,
        "a" * 100_000,
        "/" * 2000,
    ],
)
@pytest.mark.parametrize(
    ("method", "verb"), [("GET", ""), ("DELETE", ""), ("POST", ":cancel"), ("POST", ":retry")]
)
def test_what_is_no_id_is_no_job(
    harness: Harness, otto: Caller, method: str, verb: str, job_id: str
) -> None:
    """An id that can't be one is answered as one that is not there, and never asked for."""
    harness.put()
    response = otto.request(method, f"/v1/jobs/{job_id}{verb}")
    expect.problem(response, 404, "job_not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/",
        "/v1/",
        "/v2/jobs",
        "/v1/jobs:drop",
        f"/v1/jobs/{HERE}:drop",
        "//evil.test/",
        "/v1//jobs",
        "//v1/me",
        "//livez",
        "/healthz",
        "/favicon.ico",
        "/docs/",
        "/static/x",
        "/%00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_not_found(harness: Harness, method: str, path: str) -> None:
    """What there is not is said so, with or without a token, and redirects nobody."""
    harness.put()
    response = harness.nobody.request(method, "http://localhost" + path)
    expect.problem(response, 404, "not_found")
    assert "Location" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", f"/v1/jobs/{HERE}:cancel", {"POST", "OPTIONS"}),
        ("DELETE", f"/v1/jobs/{HERE}:retry", {"POST", "OPTIONS"}),
        ("PUT", f"/v1/jobs/{HERE}", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("POST", f"/v1/jobs/{HERE}", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("PATCH", "/v1/jobs", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("POST", "/v1/health", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "/docs", {"GET", "HEAD", "OPTIONS"}),
        ("BREW", "/v1/jobs", {"GET", "HEAD", "POST", "OPTIONS"}),
    ],
)
def test_another_method_names_the_allowed_ones(
    ada: Caller, method: str, path: str, allowed: set[str]
) -> None:
    """A method that a path does not take is answered with those that it takes."""
    response = ada.request(method, path)
    expect.problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == allowed


def test_a_path_takes_the_methods_of_its_own_routes(harness: Harness, ada: Caller) -> None:
    """No path is taken for another one's id: `Allow` has what is declared for it, and no more."""
    declared: dict[str, set[str]] = {}
    for rule in harness.app.url_map.iter_rules():
        path = re.sub("<any.+?>", "console.css", rule.rule)
        declared.setdefault(re.sub("<.+?>", "x", path), set()).update(rule.methods or ())
    for path, methods in declared.items():
        allowed = ada.request("OPTIONS", path).headers["Allow"]
        assert set(allowed.split(", ")) == methods, path


def test_options_names_the_methods(ada: Caller) -> None:
    """OPTIONS answers with the methods of the path."""
    response = ada.request("OPTIONS", f"/v1/jobs/{HERE}")
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "DELETE", "OPTIONS"}
    assert response.data == b""


@pytest.mark.parametrize(
    "path",
    [f"/v1/jobs/{HERE}", "/v1/jobs", "/v1/job-types", "/v1/health", "/docs", "/openapi.json"],
)
def test_head_is_get_without_the_body(harness: Harness, ada: Caller, path: str) -> None:
    """HEAD answers with the status and the headers of GET, and nothing else."""
    harness.put()
    get, head = ada.get(path), ada.request("HEAD", path)
    assert (head.status_code, head.data) == (get.status_code, b"")
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


def test_head_of_a_job_that_is_not_there(ada: Caller) -> None:
    """HEAD of nothing is a 404 without a body."""
    response = ada.request("HEAD", f"/v1/jobs/{HERE}")
    assert (response.status_code, response.data) == (404, b"")


def test_the_front_page_leads_to_the_reference(harness: Harness) -> None:
    """Who opens the service in a browser finds the reference."""
    response = harness.nobody.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/docs")


@pytest.mark.parametrize("path", ["/v1/job-types?x=1", "/v1/health?x=1"])
def test_parameters_where_there_are_none(ada: Caller, path: str) -> None:
    """A parameter on a path that takes none is refused rather than passed over."""
    assert "There are none" in expect.problem(ada.get(path), 400, "invalid_request").detail
