"""Renders the console's pages from what the API answers. Loaded with the first page only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.console import bulk, forms, words
from api.console.inside import Api, Refused
from api.console.offers import Offers
from jobs.events.model import DELIVERY
from jobs.job.model import Status

_TEMPLATES: Final = Path(__file__).parent / "templates"
SECTIONS: Final = (
    ("overview", "/console", "Overview"),
    ("jobs", "/console/jobs", "Jobs"),
    ("types", "/console/job-types", "Job types"),
    ("schedules", "/console/schedules", "Schedules"),
    ("webhooks", "/console/webhooks", "Webhooks"),
    ("letters", "/console/dead-letters", "Dead letters"),
)
RECENT: Final = 10
HOOKS: Final = 30
"""Of the newest webhooks the overview looks at so many: it reads 200 documents at most."""
LISTED: Final = 50


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who looks: `proof` is what the forms of their session carry."""

    me: Mapping[str, Any]
    offers: Offers
    proof: str
    theme: str


class Pages:
    """The pages as one person may see them at one moment."""

    def __init__(self, api: Api, reader: Reader, now: datetime) -> None:
        self._api = api
        self._reader = reader
        self._offers = reader.offers
        self._now = now

    def overview(self, job_type: str = "") -> str:
        """What runs, waits and failed last, and what needs somebody."""
        if not self._offers.list(job_type or None):
            return self._choose("overview", "Overview", "/console")
        lists = {
            status: _own(self._jobs(status=status, type=job_type, page_size=2 * RECENT))[:RECENT]
            for status in (Status.RUNNING, Status.QUEUED, Status.FAILED)
        }
        recent = _own(self._jobs(type=job_type, page_size=100))
        return self._render(
            "overview.html",
            section="overview",
            title="Overview",
            lists=lists,
            job_type=job_type,
            most=RECENT,
            letters=self._letters(5),
            bars=_bars(recent, self._now),
            recent=recent,
            failing=[hook for hook in self._webhooks(HOOKS) if hook["failing_since"]],
        )

    def jobs(self, query: Mapping[str, str]) -> str:
        """A page of jobs by status, type and label."""
        asked = {name: query.get(name, "").strip() for name in ("status", "type", "label")}
        name, _, value = asked["label"].partition("=")
        label = {f"label.{name}": value} if name else {}
        wrong, found = "", {"jobs": [], "next_page_token": ""}
        try:
            found = self._jobs(
                status=asked["status"],
                type=asked["type"],
                page_size=LISTED,
                page_token=query.get("page_token", ""),
                **label,
            )
        except Refused as refused:
            wrong = str(refused)
        return self._render(
            "jobs.html",
            section="jobs",
            title="Jobs",
            asked=asked,
            wrong=wrong,
            found=found,
            verb=bulk.VERBS.get(asked["status"], ""),
            statuses=list(Status),
            types=[one["name"] for one in self._types()],
        )

    def bulk(self, form: Mapping[str, str]) -> str:
        """Changes a page of the jobs that match, and says how far that is."""
        done = bulk.go_on(self._api, form)
        return self._render("bulk.html", section="jobs", title="Many jobs", done=done)

    def job(self, job_id: str) -> str:
        """All about one job."""
        job = self._api.get(f"/v1/jobs/{job_id}")
        told = (
            self._optional(f"/v1/jobs/{job_id}/deliveries", "deliveries") if job["notify"] else []
        )
        return self._render(
            "job.html",
            section="jobs",
            title=f"{job['type']} {job_id[:8]}",
            job=job,
            why=words.why_waiting(job, self._now),
            lanes=words.lanes(job, self._now),
            told=told,
        )

    def job_types(self) -> str:
        """Every kind of work there is."""
        return self._render(
            "job_types.html", section="types", title="Job types", types=self._types()
        )

    def job_type(self, name: str, given: Mapping[str, str] | None = None, wrong: str = "") -> str:
        """One kind of work, and the form that submits it, as it was filled in if that was wrong."""
        kind = self._api.get(f"/v1/job-types/{name}")
        fields = forms.fields_of(kind["payload_schema"], kind["example"])
        if given is not None:
            fields = [{**one, "value": given.get(f"payload.{one['name']}", "")} for one in fields]
        return self._render(
            "job_type.html", section="types", title=name, kind=kind, fields=fields, wrong=wrong
        )

    def schedules(self, job_type: str = "") -> str:
        if not self._offers.list(job_type or None):
            return self._choose("schedules", "Schedules", "/console/schedules")
        found = self._api.get("/v1/schedules", type=job_type, page_size=LISTED)
        return self._render(
            "schedules.html",
            section="schedules",
            title="Schedules",
            schedules=found["schedules"],
        )

    def webhooks(self) -> str:
        return self._render(
            "webhooks.html", section="webhooks", title="Webhooks", webhooks=self._webhooks(LISTED)
        )

    def webhook(self, webhook_id: str) -> str:
        """A webhook and what was sent to it."""
        return self._render(
            "webhook.html",
            section="webhooks",
            title="Webhook",
            hook=self._api.get(f"/v1/webhooks/{webhook_id}"),
            deliveries=self._api.get(f"/v1/webhooks/{webhook_id}/deliveries", page_size=LISTED)[
                "deliveries"
            ],
        )

    def dead_letters(self) -> str:
        return self._render(
            "dead_letters.html",
            section="letters",
            title="Dead letters",
            letters=self._letters(LISTED),
        )

    def refused(self, refused: Refused) -> str:
        """Why there is no page."""
        return self._render(
            "refused.html", section="", title="No page", refused=refused, status=refused.status
        )

    def _choose(self, section: str, title: str, path: str) -> str:
        """For those whose roles are for some job types: no single list is theirs."""
        types = [one["name"] for one in self._types() if self._offers.list(one["name"])]
        return self._render("choose.html", section=section, title=title, path=path, types=types)

    def _jobs(self, **query: Any) -> Any:
        return self._api.get("/v1/jobs", **query)

    def _types(self) -> list[Any]:
        return list(self._api.get("/v1/job-types")["job_types"])

    def _webhooks(self, most: int) -> list[Any]:
        return self._optional("/v1/webhooks", "webhooks", page_size=most) or []

    def _letters(self, most: int) -> list[Any] | None:
        return self._optional("/v1/dead-letters", "dead_letters", page_size=most)

    def _optional(self, path: str, name: str, **query: Any) -> list[Any] | None:
        """None for what the person's role does not show."""
        try:
            return list(self._api.get(path, **query)[name])
        except Refused as refused:
            if refused.status != 403:  # noqa: PLR2004 - forbidden
                raise
            return None

    def _render(self, template: str, **what: Any) -> str:
        common = {
            "sections": SECTIONS,
            "me": self._reader.me,
            "can": self._offers,
            "theme": self._reader.theme,
            "proof": self._reader.proof,
            "now": self._now,
        }
        return _templates().get_template(template).render(**common, **what)


def signed_out(why: str, onward: str, *, is_on: bool, theme: str) -> str:
    """What somebody sees who has not signed in, or can't; `onward` is where that leads."""
    template = _templates().get_template("signed_out.html")
    return template.render(why=why, onward=onward, is_on=is_on, theme=theme, title="Sign in")


def static(name: str) -> bytes:
    return (_TEMPLATES / name).read_bytes()


def _own(found: Mapping[str, Any]) -> list[Any]:
    """The jobs that people submitted: deliveries have pages of their own."""
    return [job for job in found["jobs"] if job["type"] != DELIVERY]


def _bars(jobs: list[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The last hour in parts of five minutes: how many of these jobs ended, and how."""
    parts = [{"succeeded": 0, "failed": 0, "cancelled": 0} for _ in range(12)]
    for job in jobs:
        ended = words.moment(job["finished_at"])
        minutes = (now - ended).total_seconds() / 60 if ended else 60
        if 0 <= minutes < 60:  # noqa: PLR2004 - an hour
            parts[11 - int(minutes // 5)][job["status"]] += 1
    most = max([sum(part.values()) for part in parts] + [1])
    return [{**part, "most": most} for part in parts]


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"ago": words.ago, "pretty": _as_json}
    return environment
