"""Both services and what is between them: the way of one job through all of it."""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from bench.simulator.cloud_run import NoInstance, Service, Sizing, Steps
from bench.simulator.figures import Figures
from bench.simulator.firestore import Firestore
from bench.simulator.push import PushSubscription, Window
from bench.simulator.servers import Servers
from jobs.job.model import SHARDS

SECONDS_BEFORE_REPEATING = 1.0
CALLS = 4
"""A job's calls of Google: three commits and a publish."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One machine for everything, emulators and callers too.

    `call_cpu` is what an emulator takes for a call, `other_cpu` what nobody waits for in a job.
    """

    cores: int
    call_cpu: float
    other_cpu: float


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A deployment, and what its handlers do.

    An API instance takes `submit_rate` jobs a second of one principal. `window` is that of a
    subscription in use. `machine` is a local system's.
    """

    api: Sizing
    worker: Sizing
    figures: Figures
    shards: int = SHARDS
    submit_rate: float = 100
    ramp: bool = False
    window: float | None = None
    machine: Machine | None = None
    seed: int = 1


@dataclass(eq=False)
class Job:
    """Times of one job, in seconds of the simulation."""

    shard: int
    submitted: float
    accepted: float | None = None
    finished: float | None = None


class System:
    """A deployment that has just been made: no instances, no traffic so far."""

    def __init__(self, setup: Setup) -> None:
        self.env = simpy.Environment()
        self.setup = setup
        self.jobs: list[Job] = []
        self.done = 0
        figures = setup.figures
        self._figures = figures
        self._chance = random.Random(setup.seed)  # noqa: S311 - it has to be repeatable
        self.firestore = Firestore(self.env, figures, self._chance, setup.shards, ramp=setup.ramp)
        machine = Servers(self.env, setup.machine.cores) if setup.machine else None
        self._machine = machine
        self.api = Service(self.env, setup.api, figures, machine)
        self.worker = Service(self.env, setup.worker, figures, machine)
        self.job_messages = PushSubscription(
            self.env,
            Window(setup.window or figures.window_first.value, figures.window_linear.value),
            self._work,
        )

    def submit(self) -> Steps:
        """A caller submits, and repeats where no instance answers, until the job is accepted."""
        job = Job(self._chance.randrange(self.setup.shards), self.env.now)
        self.jobs.append(job)
        if self._machine and self.setup.machine:
            self._machine.serve(self.setup.machine.other_cpu)
        pause = SECONDS_BEFORE_REPEATING
        while True:
            try:
                instance = yield from self.api.enter()
                break
            except NoInstance:
                yield self.env.timeout(pause)
                pause *= 2
        cpu = self._figures.api_cpu.value / 2
        yield self.api.compute(instance, cpu)
        yield self._called()
        yield self.firestore.commit(job.shard)
        yield self._called()
        yield self.env.timeout(self._figures.publish.sample(self._chance))
        # The job message is on its way before the caller has the answer.
        self.env.process(self._dispatch(job))
        yield self.api.compute(instance, cpu)
        self.api.leave(instance)
        job.accepted = self.env.now

    def _called(self) -> simpy.Event:
        """Happens when the emulators, if it is they who are called, have had CPU for it."""
        if not (self._machine and self.setup.machine):
            return self.env.timeout(0)
        return self.env.timeout(self._machine.serve(self.setup.machine.call_cpu))

    def _dispatch(self, job: Job) -> Steps:
        yield self.env.timeout(self._figures.delivery.sample(self._chance))
        self.job_messages.take(job)

    def _work(self, job: Job) -> Generator[simpy.Event, Any, None]:
        instance = yield from self.worker.enter()
        cpu = self._figures.worker_cpu.value / 2
        yield self.worker.compute(instance, cpu)
        yield self._called()
        yield self.firestore.commit(job.shard)
        seconds = self._figures.handler.sample(self._chance)
        yield self.worker.handle(instance, seconds, self._figures.handler_cpu.value)
        yield self.worker.compute(instance, cpu)
        yield self._called()
        yield self.firestore.commit(job.shard)
        job.finished = self.env.now
        self.done += 1
        self.worker.leave(instance)
