"""`docs/webhooks.md`: its receiver works, and its figures are the code's."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from handlers.webhook_deliver import RETRY, TIMEOUT
from jobs.events.message import MAX_RESULT_BYTES
from jobs.events.model import EventType
from jobs.webhooks.health import SWITCHED_OFF_AFTER
from jobs.webhooks.model import MAX_OF_OWNER
from jobs.webhooks.signing import signed_headers
from local.processes import ROOT
from tests.factories import a_webhook

PAGE = (ROOT / "docs" / "webhooks.md").read_text()
SECRET = a_webhook().secrets.current


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("DORMOUSE_WEBHOOK_SECRET", SECRET)
    (code,) = _blocks("python")
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(compile(code, "docs/webhooks.md", "exec"), names)  # noqa: S102 - the guide's own code
    return names


def test_the_receiver(receiver: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """The guide's receiver takes what is signed, does it once, and refuses what is forged."""
    body = _blocks("json")[1].encode()
    event = json.loads(body)
    client = receiver["app"].test_client()
    headers = signed_headers([SECRET], event["id"], datetime.now(UTC), body)
    for _ in range(2):
        assert client.post("/hooks/dormouse", data=body, headers=headers).status_code == 204
    assert capsys.readouterr().out == f"job.failed {event['data']['id']}\n"
    forged = client.post("/hooks/dormouse", data=body + b" ", headers=headers)
    assert forged.status_code == 401


def test_what_arrives() -> None:
    """The message that the guide shows is as the schema says."""
    schema = json.loads((ROOT / "docs" / "event.schema.json").read_text())
    Draft202012Validator(schema).validate(json.loads(_blocks("json")[1]))


def test_events() -> None:
    """The guide names every event."""
    table = PAGE.partition("| event | when |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+\.[a-z]+)`", table)) == {str(kind) for kind in EventType}


def test_figures() -> None:
    """Waits, limits and times are those of the code."""
    assert RETRY.delays_seconds == (5, 300, 1800, 7200, 18000, 36000, 36000)
    assert "5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours" in PAGE
    assert RETRY.max_attempts == len(RETRY.delays_seconds) + 1
    assert "eight attempts" in PAGE
    assert f"After {TIMEOUT.seconds} seconds" in PAGE
    assert f"You may have {MAX_OF_OWNER} webhooks." in PAGE
    assert (SWITCHED_OFF_AFTER.days, MAX_RESULT_BYTES) == (5, 16 * 1024)
