"""/v1/jobs of the fake."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from dormouse.testing.http import Answer, Problem, fields_of
from dormouse.testing.paging import page_of
from dormouse.testing.running import MAX_ATTEMPTS, FakeJob

if TYPE_CHECKING:
    from dormouse.testing.fake import FakeDormouse, View

_FIELDS: Final = frozenset(
    {"type", "payload", "labels", "max_attempts", "retry", "notify", "run_at", "delay_seconds"}
)
_MAX_BATCH: Final = 500


class Jobs:
    """All jobs by their ids."""

    def __init__(self, fake: "FakeDormouse") -> None:
        self._fake = fake
        self.all: dict[str, FakeJob] = {}
        self._keys: dict[str, tuple[dict[str, Any], str]] = {}

    def routes(self) -> Iterator[tuple[str, str, "View"]]:
        """The routes and their views."""
        one = "/v1/jobs/([0-9a-f]{32})"
        yield "POST", "/v1/jobs", self._submit
        yield "POST", "/v1/jobs:batchCreate", self._submit_many
        yield "GET", "/v1/jobs", self._list
        yield "GET", one, self._get
        yield "GET", f"{one}/events", self._events
        yield "POST", f"{one}:cancel", self._cancel
        yield "POST", f"{one}:retry", self._retry
        yield "DELETE", one, self._delete

    def create(self, said: dict[str, Any], key: str | None = None) -> tuple[FakeJob, bool]:
        """The job, and whether it was there already. Raises `Problem`."""
        if key and key in self._keys:
            before, job_id = self._keys[key]
            if before != said:
                raise Problem(422, "idempotency_key_reused", "The key is another request's.")
            return self.all[job_id], True
        self._fake.handler(said["type"])
        now = self._fake.now
        run_at = now + timedelta(seconds=said.get("delay_seconds") or 0)
        if said.get("run_at"):
            run_at = max(now, msgspec.convert(said["run_at"], datetime))
        job = FakeJob(
            id=self._fake.new_id(),
            type=said["type"],
            payload=said["payload"],
            owner=self._fake.owner,
            created_at=now,
            run_at=run_at,
            labels=said.get("labels") or {},
            max_attempts=said.get("max_attempts") or MAX_ATTEMPTS,
            notify=(said.get("notify") or {}).get("url"),
            idempotency_key=key,
        )
        self.all[job.id] = job
        if key:
            self._keys[key] = (said, job.id)
        return job, False

    def run_due(self) -> None:
        """Run what is due."""
        for job in list(self.all.values()):
            while job.status == "queued" and job.run_at <= self._fake.now:
                job.run(self._fake.handler(job.type), self._fake.now)

    def _submit(self, request: httpx.Request) -> Answer:
        said = _complete(fields_of(request, _FIELDS))
        key = request.headers.get("Idempotency-Key", "").strip('"') or None
        job, replayed = self.create(said, key)
        headers = {"Location": f"/v1/jobs/{job.id}"}
        mark = {"Idempotency-Replayed": "true"} if replayed else {}
        return Answer(job.shown(), 202, {**headers, **mark})

    def _submit_many(self, request: httpx.Request) -> Answer:
        items = [dict(item) for item in fields_of(request, frozenset({"jobs"}))["jobs"]]
        if not 1 <= len(items) <= _MAX_BATCH:
            raise Problem(400, "invalid_request", "A batch has 1 to 500 jobs - at `$.jobs`")
        for item in items:
            self._fake.handler(_complete(item)["type"])
        made = [self.create(item, item.pop("idempotency_key", None)) for item in items]
        replayed = [job.id for job, again in made if again]
        return Answer({"jobs": [job.shown() for job, _ in made], "replayed": replayed}, 202)

    def _list(self, request: httpx.Request) -> Answer:
        query = dict(request.url.params)
        labels = {
            name.removeprefix("label."): value
            for name, value in query.items()
            if name.startswith("label.")
        }
        found = [
            job
            for job in reversed(self.all.values())
            if query.get("status") in {None, job.status}
            and query.get("type") in {None, job.type}
            and labels.items() <= dict(job.labels).items()
        ]
        return page_of("jobs", found, lambda job: job.shown(log=False), query)

    def _get(self, request: httpx.Request, job_id: str) -> Answer:
        job = self._find(job_id)
        self._pass_time(job, float(request.url.params.get("wait", "0")))
        return Answer(job.shown())

    def _events(self, request: httpx.Request, job_id: str) -> Answer:
        job = self._find(job_id)
        self._pass_time(job, 300.0)
        told = int(request.headers.get("Last-Event-ID") or 0)
        events = list(enumerate(_events_of(job), 1))
        left = [(number, *event) for number, event in events if number > told]
        if job.is_terminal and not left:
            return Answer(status=204)
        text = b"".join(
            b"id: %d\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), msgspec.json.encode(data))
            for number, kind, data in left
        )
        return Answer(text, headers={"Content-Type": "text/event-stream"})

    def _cancel(self, _: httpx.Request, job_id: str) -> Answer:
        job = self._find(job_id)
        if job.status in {"succeeded", "failed"}:
            raise Problem(409, "status_conflict", f"The job is {job.status}.")
        if job.status != "cancelled":
            job.status, job.finished_at = "cancelled", self._fake.now
        return Answer(job.shown())

    def _retry(self, _: httpx.Request, job_id: str) -> Answer:
        job = self._find(job_id)
        if job.status not in {"failed", "cancelled"}:
            raise Problem(409, "status_conflict", f"The job is {job.status}.")
        job.again(self._fake.now)
        return Answer(job.shown())

    def _delete(self, _: httpx.Request, job_id: str) -> Answer:
        job = self._find(job_id)
        if not job.is_terminal:
            raise Problem(409, "status_conflict", f"The job is {job.status}.")
        del self.all[job_id]
        self._keys = {key: kept for key, kept in self._keys.items() if kept[1] != job_id}
        return Answer(status=204)

    def _find(self, job_id: str) -> FakeJob:
        if job_id not in self.all:
            raise Problem(404, "job_not_found", "There is no such job.")
        return self.all[job_id]

    def _pass_time(self, job: FakeJob, seconds: float) -> None:
        """Advances the fake's time to the next event, so that nobody really waits."""
        end = self._fake.now + timedelta(seconds=seconds)
        while not job.is_terminal and job.run_at <= end:
            self._fake.now = max(self._fake.now, job.run_at)
            self.run_due()
        if not job.is_terminal:
            self._fake.now = end


def _complete(said: dict[str, Any]) -> dict[str, Any]:
    for name in ("type", "payload"):
        if name not in said:
            raise Problem(400, "invalid_request", f"Object missing required field `{name}`")
    return said


def _events_of(job: FakeJob) -> Iterator[tuple[str, dict[str, Any]]]:
    shown = job.shown()
    for line in job.log:
        yield "log", line
    if job.progress:
        yield "progress", {"attempt": job.attempt, **job.progress}
    names = ("status", "attempt", "max_attempts", "run_at", "started_at", "finished_at", "error")
    yield "status", {name: shown[name] for name in names}
    if job.is_terminal:
        yield "end", {"status": job.status, "job": f"/v1/jobs/{job.id}"}
