"""GET /v1/jobs."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from jobs.job.model import Status
from tests.api import expect
from tests.api.conftest import ADA, BOB, Caller, Harness
from tests.factories import T0


def put_many(harness: Harness, number: int, **fields: Any) -> list[str]:
    """Ids of new jobs, newest first; every third is of the same moment as the one before."""
    ids = []
    for n in range(number):
        moment = T0 + timedelta(seconds=n - (n % 3 == 0))
        job = harness.put(id=f"{n:032x}", created_at=moment, **fields)
        ids.append((moment, job.id))
    return [job_id for _, job_id in sorted(ids, reverse=True)]


def pages(caller: Caller, query: str) -> list[list[str]]:
    """The ids on every page of a list."""
    found, token = [], ""
    while True:
        page = caller.get(f"/v1/jobs?{query}&page_token={token}").get_json()
        found.append([job["id"] for job in page["jobs"]])
        if not (token := page["next_page_token"]):
            return found


@pytest.mark.parametrize("size", [1, 2, 7, 23, 24, 200])
def test_pages_show_every_job_once(harness: Harness, ada: Caller, size: int) -> None:
    """All pages together are the whole list, newest first, none left out and none twice."""
    ids = put_many(harness, 23)
    found = pages(ada, f"page_size={size}")
    assert [job_id for page in found for job_id in page] == ids
    assert all(len(page) <= size for page in found)


def test_a_page_has_fifty_jobs_by_default(harness: Harness, ada: Caller) -> None:
    """Without a `page_size` a page is not larger than fifty."""
    put_many(harness, 51)
    assert [len(page) for page in pages(ada, "")] == [50, 1]


def test_a_list_has_summaries_unless_asked_for_whole_jobs(harness: Harness, ada: Caller) -> None:
    """What may be large is shown on request, and the page's end is where its bytes end."""
    large = msgspec.Raw(b'"%b"' % (b"x" * 200_000))
    ids = put_many(harness, 30, payload=large, result='"done"')
    (job, *_) = ada.get("/v1/jobs").get_json()["jobs"]
    assert job.keys().isdisjoint({"payload", "result", "log"})
    assert [len(page) for page in pages(ada, "")] == [30]
    (job, *_) = ada.get("/v1/jobs?view=full").get_json()["jobs"]
    assert (len(job["payload"]), job["result"], "log" in job) == (200_000, "done", False)
    whole = pages(ada, "view=full")
    assert len(whole) == 2
    assert [job_id for page in whole for job_id in page] == ids


def test_jobs_that_come_meanwhile_are_not_in_the_way(harness: Harness, ada: Caller) -> None:
    """A job submitted between two pages is on neither, and shifts nothing."""
    ids = put_many(harness, 4)
    first = ada.get("/v1/jobs?page_size=2").get_json()
    harness.put(id="f" * 32, created_at=T0 + timedelta(hours=1))
    second = ada.get(f"/v1/jobs?page_size=2&page_token={first['next_page_token']}").get_json()
    assert [job["id"] for job in second["jobs"]] == ids[2:]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "dcba"),
        ("status=failed", "cb"),
        ("type=words.say", "dba"),
        ("type=never.heard", ""),
        ("label.team=red", "da"),
        ("label.team=blue", ""),
        ("label.team=red&type=words.say&status=queued", "da"),
        ("type=text.echo&status=failed", "c"),
    ],
)
def test_filters(harness: Harness, ada: Caller, query: str, expected: str) -> None:
    """Filters all hold at once."""
    jobs: dict[str, dict[str, Any]] = {
        "a": {"labels": {"team": "red", "env": "test"}},
        "b": {"status": Status.FAILED},
        "c": {"status": Status.FAILED, "type": "text.echo"},
        "d": {"labels": {"team": "red"}},
    }
    for n, (dead_letter, fields) in enumerate(jobs.items()):
        harness.put(id=dead_letter * 32, created_at=T0 + timedelta(seconds=n), **fields)
    assert [job["id"][0] for job in ada.get(f"/v1/jobs?{query}").get_json()["jobs"]] == [*expected]


def test_shows_own_jobs_or_all(
    harness: Harness, ada: Caller, bob: Caller, vera: Caller, otto: Caller
) -> None:
    """Submitters see what they submitted, viewers and operators everything."""
    harness.put(id="a" * 32, owner=f"user:{ADA}")
    harness.put(id="b" * 32, owner=f"user:{BOB}")
    seen = {
        name: {job["id"][0] for job in caller.get("/v1/jobs").get_json()["jobs"]}
        for name, caller in {"ada": ada, "bob": bob, "vera": vera, "otto": otto}.items()
    }
    assert seen == {"ada": {"a"}, "bob": {"b"}, "vera": {"a", "b"}, "otto": {"a", "b"}}


def test_an_unknown_status_names_the_known_ones(ada: Caller) -> None:
    """Who filters by a status that there is not learns which there are."""
    found = expect.problem(ada.get("/v1/jobs?status=done"), 400, "invalid_request")
    for status in Status:
        assert status in found.detail


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("status=", "$.status"),
        ("status=null", "$.status"),
        ("status=queued&status=failed", "`status`"),
        ("type=" + "x" * 201, "$.type"),
        ("type.x=1", "$.type"),
        ("page_size=0", "$.page_size"),
        ("page_size=201", "$.page_size"),
        ("page_size=many", "$.page_size"),
        ("page_size=1.5", "$.page_size"),
        ("page_size=1&page_size=1", "`page_size`"),
        ("label.team=a&label.env=b", "$.label"),
        ("label.Team=a", "$.label"),
        ("label.team=a b", "$.label"),
        ("label.team=a%0A", "$.label"),
        ("label.=a", "$.label"),
        ("label=a", "$.label"),
        ("label=a&label.team=b", "`label`"),
        ("label.team=b&label=a", "`label`"),
        ("owner=me", "`owner`"),
        ("=", "``"),
        ("%ff=1", "`%FF`"),
        ("page_token=" + "a" * 1001, "$.page_token"),
    ],
)
def test_names_what_is_wrong_with_a_query(ada: Caller, query: str, named: str) -> None:
    """Every query that is not documented is refused, and says by which parameter."""
    found = expect.problem(ada.get(f"/v1/jobs?{query}"), 400, "invalid_request")
    assert named in found.detail


def forged(token: str, **changes: Any) -> str:
    """The page token with other contents."""
    fields = dict(
        zip(
            ("created_at", "id", "filters"),
            json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4))),
            strict=True,
        )
    )
    return urlsafe_b64encode(json.dumps([*(fields | changes).values()]).encode()).decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a/b"},
        {"id": ""},
        {"id": "__x__"},
        {"id": "a" * 32 + "\n"},
        {"id": 7},
        {"created_at": -1},
        {"created_at": 1e300},
        {"created_at": 10**30},
        {"created_at": "2026-01-01T00:00:00Z"},
        {"filters": ""},
        {"more": 1},
    ],
)
def test_a_forged_page_token_is_refused(
    harness: Harness, ada: Caller, changes: dict[str, object]
) -> None:
    """Whatever a token is made to say, the store is only asked for places that can be."""
    put_many(harness, 3)
    token = ada.get("/v1/jobs?page_size=1").get_json()["next_page_token"]
    assert ada.get(f"/v1/jobs?page_token={forged(token)}").status_code == 200
    response = ada.get(f"/v1/jobs?page_token={forged(token, **changes)}")
    expect.problem(response, 400, "invalid_page_token")


@pytest.mark.parametrize(
    "token", ["x", "%00", "%ff", "bnVsbA", "W10", "e30", "WzFd", "a" * 1000, "ü", "W1tbW1tb"]
)
def test_a_made_up_page_token_is_refused(ada: Caller, token: str) -> None:
    """A token that this service did not make is no token."""
    expect.problem(ada.get(f"/v1/jobs?page_token={token}"), 400, "invalid_page_token")


def test_a_page_token_is_for_its_filters_and_its_caller(
    harness: Harness, ada: Caller, bob: Caller, otto: Caller
) -> None:
    """A token leads on in the list that it came from, and in no other."""
    put_many(harness, 3)
    token = ada.get("/v1/jobs?page_size=1&status=queued").get_json()["next_page_token"]
    assert ada.get(f"/v1/jobs?page_token={token}&status=queued").status_code == 200
    for caller, query in ((ada, ""), (ada, "&status=failed"), (bob, "&status=queued")):
        response = caller.get(f"/v1/jobs?page_token={token}{query}")
        expect.problem(response, 400, "invalid_page_token")
    response = otto.get(f"/v1/jobs?page_token={token}&status=queued")
    expect.problem(response, 400, "invalid_page_token")
