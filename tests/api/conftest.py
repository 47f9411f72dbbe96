"""The API on the in-memory store and queue, with callers who have real signed tokens."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from api.app import create_app
from identity.firebase import FirebaseVerifier
from identity.tokens import Verifier
from jobs.dispatch.queue import JobMessage
from jobs.job.model import Job
from jobs.memory.jobs import memory_stores
from jobs.runtime import Runtime
from jobs.settings.roles import Binding, Role
from jobs.settings.settings import Settings
from local.cloud.identity import Issuer
from tests.api.job_types import REGISTRY
from tests.factories import Clock, a_job, some_settings
from tests.faulty import FaultyJobStore, FaultyQueue

AUDIENCE = "https://api.example.com"
ADA = "ada@example.com"
BOB = "bob@example.com"
VERA = "vera@example.com"
OTTO = "otto@example.com"
ROLES = (
    Binding(Role.SUBMITTER, (f"user:{ADA}", f"user:{BOB}", "domain:team.example")),
    Binding(Role.VIEWER, (f"user:{VERA}",)),
    Binding(Role.OPERATOR, (f"user:{OTTO}",)),
)


@dataclass(frozen=True)
class Caller:
    """Somebody with a token, or without."""

    app: Flask
    headers: dict[str, str]

    def request(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = self.headers | options.pop("headers", {})
        return Client(self.app).open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.request("POST", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.request("DELETE", path, **options)

    def submit(self, key: str | None = None, **fields: Any) -> TestResponse:
        """Submit a job of `text.echo`, or of what the fields say."""
        body = {"type": "text.echo", "payload": {"text": "hello"}} | fields
        return self.post("/v1/jobs", json=body, headers={"Idempotency-Key": key} if key else {})


@dataclass
class Harness:
    """The API and what stands behind it."""

    issuer: Issuer
    verifier: Verifier
    settings: Settings = field(
        default_factory=lambda: some_settings(api_audiences=(AUDIENCE,), roles=ROLES)
    )
    clock: Clock = field(default_factory=Clock)
    store: FaultyJobStore = field(default_factory=FaultyJobStore)
    queue: FaultyQueue = field(default_factory=FaultyQueue)
    firebase: FirebaseVerifier | None = None

    def __post_init__(self) -> None:
        self.stores = memory_stores(self.store)
        self.dead_letters, self.webhooks = self.stores.dead_letters, self.stores.webhooks
        draw = random.Random(7)  # noqa: S311 - ids that a test can repeat
        runtime = Runtime(now=self.clock, random_bytes=draw.randbytes)
        self.app = create_app(
            self.settings,
            stores=self.stores,
            queue=self.queue,
            verifier=self.verifier,
            registry=REGISTRY,
            firebase=self.firebase,
            runtime=runtime,
        )

    def caller(self, email: str = ADA, **claims: Any) -> Caller:
        token = self.issuer.token(email, AUDIENCE, **claims)
        return Caller(self.app, {"Authorization": f"Bearer {token}"})

    @property
    def nobody(self) -> Caller:
        """Without a token."""
        return Caller(self.app, {})

    def put(self, **fields: Any) -> Job:
        """A job in the store, as `a_job` makes it; Ada's if nothing else is said."""
        return self.store.create(a_job(**{"owner": f"user:{ADA}"} | fields))

    def dispatched(self) -> list[JobMessage]:
        """The job messages that were dispatched since this was last asked."""
        job_messages = []
        while (data := self.queue.take()) is not None:
            job_messages.append(JobMessage.decode(data))
        return job_messages


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier) -> Harness:
    return Harness(issuer, verifier)


@pytest.fixture
def ada(harness: Harness) -> Caller:
    """May submit."""
    return harness.caller(ADA)


@pytest.fixture
def bob(harness: Harness) -> Caller:
    """May submit, and is not Ada."""
    return harness.caller(BOB)


@pytest.fixture
def vera(harness: Harness) -> Caller:
    """May view."""
    return harness.caller(VERA)


@pytest.fixture
def otto(harness: Harness) -> Caller:
    """Operates."""
    return harness.caller(OTTO)
