"""The callers, as Locust runs them: each submits a job a second and follows one in ten to its end.

https://docs.locust.io/en/stable/custom-load-shape.html
"""

import functools
import itertools
import time
import urllib.parse
from http import HTTPStatus
from pathlib import Path
from typing import Any

import gevent
import msgspec
from locust import FastHttpUser, LoadTestShape, events, poisson

from bench.load.calls import RESULT, SUBMIT, Call
from bench.load.shapes import SCENARIOS, Scenario, Tenant
from local.client import LocalClient

FOLLOWED = 10
FAILING = 50
WAIT_SECONDS = 20
TOKEN_SECONDS = 1800


def _options(parser: Any) -> None:
    parser.add_argument("--scenario", default="steady")
    parser.add_argument("--rate", type=float, default=20.0, help="jobs a second, at most")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--cloud", help="the URL of the local cloud, which gives out tokens")
    parser.add_argument("--calls", help="the file that each call is written to")


class Run:
    """What the options say, for all callers."""

    def __init__(self, options: Any) -> None:
        self.scenario: Scenario = SCENARIOS[options.scenario]
        self.rate: float = options.rate
        self.seconds: float = options.seconds
        self.client = LocalClient(api_url="", cloud_url=options.cloud)
        self.calls = Path(options.calls).open("ab", buffering=0)  # noqa: SIM115 - until the process ends
        self.numbers = itertools.count(1)
        self.began = time.monotonic()

    @property
    def passed(self) -> float:
        return (time.monotonic() - self.began) / self.seconds

    def token(self, email: str) -> str:
        return self._token(email, int(time.monotonic() / TOKEN_SECONDS))

    @functools.cache  # noqa: B019 - there is one run a process
    def _token(self, email: str, _period: int) -> str:
        return self.client.token(email)


def _begin(environment: Any, **_: Any) -> None:
    environment.run = Run(environment.parsed_options)
    scenario, rate = environment.run.scenario, environment.run.rate
    for caller, tenant in zip((First, Second), scenario.tenants, strict=False):
        caller.tenant = tenant
        if len(scenario.tenants) > 1:
            caller.fixed_count = scenario.most(tenant, rate)


class Callers(FastHttpUser):  # type: ignore[misc] # Locust is not there while types are checked
    """One caller of a tenant."""

    abstract = True
    # Independent of each other: at a fixed pace all would call at the same moments.
    wait_time = poisson(1)
    network_timeout = connection_timeout = 60.0
    tenant: Tenant
    fixed_count: int

    def submit(self) -> None:
        run: Run = self.environment.run
        if not run.scenario.callers(self.tenant, run.rate, run.passed):
            return
        number, began = next(run.numbers), time.time()
        body = {"type": "load.work", "payload": {"fails": number % FAILING == 0}}
        with self.client.post(
            "/v1/jobs", json=body, headers=self._headers(), name=SUBMIT, catch_response=True
        ) as answer:
            self._note(SUBMIT, began, answer.status_code)
            if answer.status_code != HTTPStatus.ACCEPTED:
                answer.failure(f"{answer.status_code}")
            elif number % FOLLOWED == 0:
                gevent.spawn(self._follow, answer.json()["id"], began)

    tasks = (submit,)

    def _follow(self, job_id: str, began: float) -> None:
        """Beside the caller's other calls, so that it keeps its pace."""
        path = f"/v1/jobs/{urllib.parse.quote(job_id)}?wait={WAIT_SECONDS}"
        while True:
            with self.client.get(
                path, headers=self._headers(), name="wait", catch_response=True
            ) as answer:
                status = answer.status_code
                if status == HTTPStatus.OK and not answer.json()["finished_at"]:
                    continue
            break
        self._note(RESULT, began, status)
        self.environment.events.request.fire(
            request_type="JOB",
            name=RESULT,
            response_time=(time.time() - began) * 1000,
            response_length=0,
            exception=None if status == HTTPStatus.OK else RuntimeError(str(status)),
            context={},
        )

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.environment.run.token(self.tenant.email)}"}

    def _note(self, name: str, began: float, status: int) -> None:
        call = Call(began, self.tenant.email, name, time.time() - began, status)
        self.environment.run.calls.write(msgspec.json.encode(call) + b"\n")


class First(Callers):
    """Of the first tenant."""


class Second(Callers):
    """Of the second one, where there are two. All its callers are there from the start, silent."""


class Shape(LoadTestShape):  # type: ignore[misc] # see above
    """As many callers as the scenario wants now."""

    def tick(self) -> tuple[int, float, list[type[Callers]]] | None:
        run: Run = self.runner.environment.run
        if self.get_run_time() > run.seconds:
            return None
        tenants = run.scenario.tenants
        if len(tenants) > 1:
            count = sum(run.scenario.most(tenant, run.rate) for tenant in tenants)
            return count, run.rate, [First, Second]
        passed = self.get_run_time() / run.seconds
        return run.scenario.callers(tenants[0], run.rate, passed), max(1.0, run.rate), [First]


def _start(environment: Any, **_: Any) -> None:
    environment.run.began = time.monotonic()


events.init_command_line_parser.add_listener(_options)
events.init.add_listener(_begin)
events.test_start.add_listener(_start)
