"""Schedules through the whole system, over HTTP, in both modes. The test itself is the clock."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from local.emulators import PROJECT
from local.services import url
from tests.e2e.system import REQUEST_SECONDS, System

SCHEDULER = f"scheduler@{PROJECT}.iam.gserviceaccount.com"


def _sweep(system: System) -> dict[str, Any]:
    """As Cloud Scheduler calls it; returns when what is due in its minute has been fired."""
    path = f"{url(system.ports.worker)}/sweep"
    answer = system.session.post(
        path,
        headers={"Authorization": f"Bearer {system.token(SCHEDULER, audience=path)}"},
        timeout=REQUEST_SECONDS + 40,
    )
    answer.raise_for_status()
    swept: dict[str, Any] = answer.json()
    return swept


def test_a_schedule_fires_at_its_time(system: System) -> None:
    """Its job is made at the time, by one of two sweeps, and is done; a pause ends it."""
    start = datetime.now(UTC) + timedelta(seconds=2)
    body = {
        "template": {
            "type": "http.request",
            "payload": {"url": f"{url(system.ports.local)}/hello"},
            "labels": {"team": "e2e"},
        },
        "every_seconds": 3600,
        "start_at": start.isoformat(),
    }
    answer = system.call("POST", "/v1/schedules", body)
    assert answer.status_code == 201, answer.text
    schedule = answer.json()
    with ThreadPoolExecutor(2) as pool:
        swept = list(pool.map(_sweep, [system] * 2))
    # The system's own clock may have been the third.
    assert sum(one["fired"] for one in swept) <= 1, swept
    (job,) = system.call("GET", schedule["links"]["jobs"]).json()["jobs"]
    done = system.finished(job)
    assert done["status"] == "succeeded", done
    assert (done["owner"], done["labels"]["team"]) == ("user:dev@example.com", "e2e")
    assert start <= datetime.fromisoformat(done["created_at"]) < start + timedelta(minutes=1)
    path = schedule["links"]["self"]
    shown = system.call("GET", path).json()
    assert shown["last_firing"]["job_id"] == done["id"]
    assert datetime.fromisoformat(shown["next_times"][0]) == start + timedelta(hours=1)
    assert system.call("POST", f"{path}:pause").json()["next_times"] == []
    run = system.finished(system.call("POST", f"{path}:run").json())
    assert run["status"] == "succeeded", run
    assert system.call("DELETE", path).status_code == 204
