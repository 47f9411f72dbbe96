"""What the buttons of the console do: one call of the API each, and where to look afterwards."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from api.console import forms
from api.console.inside import Api

Action = Callable[[Api, Mapping[str, str]], str]
"""Does it, and returns the path of the page that shows what became of it."""


def _on(collection: str, method: str, verb: str, back: str) -> Action:
    def act(api: Api, form: Mapping[str, str]) -> str:
        api.call(method, f"/v1/{collection}/{form['id']}{verb}")
        return back.format(id=form["id"])

    return act


def _redeliver(api: Api, form: Mapping[str, str]) -> str:
    hook = form["id"]
    api.call("POST", f"/v1/webhooks/{hook}/deliveries/{form['delivery']}:redeliver")
    return f"/console/webhooks/{hook}"


def _switch(api: Api, form: Mapping[str, str]) -> str:
    enabled = form.get("enabled") == "true"
    api.call("PATCH", f"/v1/webhooks/{form['id']}", {"enabled": enabled})
    return f"/console/webhooks/{form['id']}"


def _submit(api: Api, form: Mapping[str, str]) -> str:
    """Raises `WrongField`."""
    kind = api.get(f"/v1/job-types/{form['id']}")
    body: dict[str, Any] = {
        "type": form["id"],
        "payload": forms.payload_of(kind["payload_schema"], form),
    }
    job = api.call("POST", "/v1/jobs", body)
    return f"/console/jobs/{job['id']}"


ACTIONS: Final[Mapping[str, Action]] = {
    "submit": _submit,
    "cancel": _on("jobs", "POST", ":cancel", "/console/jobs/{id}"),
    "retry": _on("jobs", "POST", ":retry", "/console/jobs/{id}"),
    "delete-job": _on("jobs", "DELETE", "", "/console/jobs"),
    "pause": _on("schedules", "POST", ":pause", "/console/schedules"),
    "resume": _on("schedules", "POST", ":resume", "/console/schedules"),
    "run": _on("schedules", "POST", ":run", "/console/schedules"),
    "delete-schedule": _on("schedules", "DELETE", "", "/console/schedules"),
    "test": _on("webhooks", "POST", ":test", "/console/webhooks/{id}"),
    "delete-webhook": _on("webhooks", "DELETE", "", "/console/webhooks"),
    "switch": _switch,
    "redeliver": _redeliver,
    "redrive": _on("dead-letters", "POST", ":redrive", "/console/dead-letters"),
    "delete-letter": _on("dead-letters", "DELETE", "", "/console/dead-letters"),
}
