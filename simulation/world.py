"""One run: instances of both services, Google's part, callers, and what goes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from jobs.errors import DormouseError, UnknownJobType
from jobs.events.model import Event
from jobs.job.model import Job, Version
from jobs.job.spec import JobSpec
from jobs.memory.jobs import MemoryJobStore, memory_stores
from jobs.schedules.model import CatchUp, Every, Schedule, job_id_at
from jobs.schedules.transitions import pause
from jobs.webhooks.model import Webhook
from jobs.webhooks.signing import SigningSecrets
from simulation.callers import Caller
from simulation.cloud import CloudScheduler, Eventarc, Pubsub
from simulation.handlers import Work
from simulation.instance import EPOCH, Instance, Kind
from simulation.judge import Judge
from simulation.plan import Plan, plan_of
from simulation.ports import Network
from simulation.scheduler import SECOND, Actor, Scheduler
from simulation.services import OWNER, Services

import msgspec  # isort: skip

MENDED_SECONDS = 3600
"""Within so long of the last fault everything must have ended."""
SCHEDULES_SECONDS = 200
"""So long after it, the schedules are paused, so that there is an end."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of a run."""

    violation: str | None
    seen: dict[str, int]
    calls: int
    digest: int
    story: Sequence[str]


class WatchedJobs(MemoryJobStore):
    """The documents of jobs themselves. Tells the judge of every commit."""

    def __init__(self, judge: Judge) -> None:
        super().__init__()
        self._judge = judge

    def all(self) -> list[Job]:
        return self._jobs.all()

    def create(self, job: Job) -> Job:
        kept = super().create(job)
        self._judge.created(kept)
        return kept

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        kept = super().create_all(jobs)
        for job in kept:
            self._judge.created(job)
        return kept

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        there = self.get(job.id)
        kept = super().save(job, before, event)
        self._judge.saved(kept, before, there, event)
        return kept

    def delete(self, job_id: str, if_version: Version) -> None:
        there = self.get(job_id)
        super().delete(job_id, if_version)
        if there:
            self._judge.deleted(there)


class World:
    """Made of a seed, or of a seed and another plan than its own."""

    def __init__(self, seed: int, plan: Plan | None = None, *, told: bool = False) -> None:
        self.scheduler = Scheduler(seed, told=told)
        own_plan = plan_of(Random(seed))  # noqa: S311 - to be had again
        self.plan = plan or own_plan
        self.faulty = not self.plan.calm
        self._random = Random(seed + 1_000_003)  # noqa: S311 - to be had again
        self.random_bytes = self._random.randbytes
        self.judge = Judge(self)
        self._jobs = WatchedJobs(self.judge)
        self.stores = memory_stores(self._jobs)
        self.network = Network(self)
        self.pubsub, self.eventarc = Pubsub(self), Eventarc(self)
        self._jobs.events.created = self.eventarc.created
        self.work = Work(self)
        self.services = Services(self)
        self.schedule_times: dict[str, list[tuple[datetime, str]]] = {}
        self._numbers = {"api": 0, "worker": 0}
        self._instances: dict[Kind, list[Instance]] = {"api": [], "worker": []}
        self._end = int(self.plan.minutes * 60 * SECOND)
        self._callers = 0
        self._looked_at = -1
        for kind in ("api", "worker") * 2:
            self._start(kind)
        CloudScheduler(self)
        self.scheduler.disturb = self._disturb
        self._prepare()

    def run(self) -> Verdict:
        """Until everything has ended, and an hour at most from the last fault."""
        self.scheduler.run(self._is_finished)
        if not self.scheduler.violation:
            self.judge.sum_up()
        return Verdict(
            violation=self.scheduler.violation,
            seen=dict(self.judge.seen),
            calls=self.scheduler.calls,
            digest=self.scheduler.digest,
            story=self.scheduler.story or (),
        )

    def all_jobs(self) -> list[Job]:
        """Every job that there is, whoever owns it."""
        return self._jobs.all()

    # Instances

    def _start(self, kind: Kind) -> None:
        self._numbers[kind] += 1
        self._instances[kind].append(Instance(self, kind, self._numbers[kind]))

    def replace(self, dead: Instance) -> None:
        """Cloud Run starts another one."""
        left = self._instances[dead.kind]
        if dead in left:
            left.remove(dead)
            wait = self.scheduler.rng.expovariate(1 / 10) if self.faulty else 1.0
            self.scheduler.at(wait, lambda: self._start(dead.kind))

    def some_worker(self) -> Instance | None:
        return self._some("worker")

    def some_api(self) -> Instance | None:
        return self._some("api")

    def _some(self, kind: Kind) -> Instance | None:
        open_ones = [one for one in self._instances[kind] if not one.stopping]
        return self.scheduler.rng.choice(open_ones) if open_ones else None

    def may_refuse(self, instance: Instance, error: DormouseError) -> bool:
        """Whether that service may answer so. A worker refuses nothing for good."""
        older = self.plan.older_release and isinstance(error, UnknownJobType)
        return error.retryable or instance.kind == "api" or older

    # What goes wrong

    def _disturb(self, actor: Actor, label: str) -> float:
        plan, rng, process = self.plan, self.scheduler.rng, actor.process
        if not self.faulty or process is None:
            return 0.001
        chance = rng.random()
        if chance < plan.crashes:
            self._instance_of(actor).die()
            return 0.0
        chance -= plan.crashes
        if chance < plan.freezes:
            seconds = rng.uniform(0.2, 1) * plan.frozen_for
            process.frozen_until = self.scheduler.us + int(seconds * SECOND)
            self.scheduler.tell(f"FREEZE {self._instance_of(actor).name} for {seconds:.3f} s")
            return 0.0
        chance -= plan.freezes
        if chance < plan.stalls:
            seconds = rng.uniform(0.2, 1) * plan.stalled_for
            self.scheduler.tell(f"STALL {actor.name} at {label} for {seconds:.3f} s")
            return seconds
        return rng.expovariate(1 / plan.slow_by) if rng.random() < plan.slow else 0.0

    def _instance_of(self, actor: Actor) -> Instance:
        assert isinstance(actor.process, Instance)  # noqa: S101 - all processes here are
        return actor.process

    def _stop_some(self) -> None:
        if not self.faulty and not self.plan.calm:
            return
        if self.scheduler.us < self._end:
            wait = self.scheduler.rng.expovariate(1 / self.plan.stopped_every)
            self.scheduler.at(wait, self._stop_some)
            if worker := self.some_worker():
                self._instances["worker"].remove(worker)
                self.scheduler.at(1, lambda: self._start("worker"))
                worker.stop()

    def _set_clocks(self) -> None:
        if self.faulty:
            wait = self.scheduler.rng.expovariate(1 / self.plan.clock_set_every)
            self.scheduler.at(wait, self._set_clocks)
            for instance in (*self._instances["api"], *self._instances["worker"]):
                instance.set_clock()

    def _calm_down(self) -> None:
        self.scheduler.tell("nothing goes wrong any more")
        self.faulty = False
        if self.plan.older_release:
            for worker in list(self._instances["worker"]):
                self._instances["worker"].remove(worker)
                self._start("worker")
                worker.stop()
        self.scheduler.at(SCHEDULES_SECONDS, self._pause_schedules)

    # The work

    def _prepare(self) -> None:
        scheduler, plan, rng = self.scheduler, self.plan, self.scheduler.rng
        if plan.webhook:
            self.stores.webhooks.create(
                Webhook(
                    id="a" * 32,
                    owner=OWNER,
                    url="https://example.com/all",
                    created_at=EPOCH,
                    secrets=SigningSecrets(current="whsec_" + "A" * 43 + "="),
                )
            )
        for number in range(plan.schedules):
            self._schedule(number)
        if plan.store_away:
            begin = int(rng.uniform(0, self._end))
            self.network.away = (begin, begin + int(plan.store_away * SECOND))
        if plan.stopped_every:
            scheduler.at(rng.expovariate(1 / plan.stopped_every), self._stop_some)
        if plan.clock_set_every:
            scheduler.at(plan.clock_set_every, self._set_clocks)
        self._callers = plan.jobs
        for number in range(plan.jobs):
            scheduler.spawn(f"caller{number}", Caller(self, number), None, self._caller_left)
        scheduler.at(self._end / SECOND, self._calm_down)

    def _schedule(self, number: int) -> None:
        start = EPOCH + timedelta(seconds=self.scheduler.rng.uniform(30, 200))
        payload = msgspec.Raw(msgspec.json.encode({"tag": f"schedule{number}"}))
        seconds = self.scheduler.rng.choice([60, 90, 170])
        schedule = Schedule(
            id=f"{number:032x}",
            owner=OWNER,
            template=JobSpec(type="sim.short", payload=payload),
            timing=Every(seconds=seconds, start=start),
            catch_up=CatchUp.ALL,
            created_at=EPOCH,
            updated_at=EPOCH,
            fire_at=start,
        )
        self.stores.schedules.create(schedule)

    def _caller_left(self, caller: Actor) -> None:
        self._callers -= 1
        if caller.error:
            self.scheduler.violate(caller.failure)

    def _pause_schedules(self) -> None:
        now = EPOCH + timedelta(microseconds=self.scheduler.us)
        for schedule in self.stores.schedules.list_schedules(None, None, 10):
            self.stores.schedules.save(pause(schedule, now), before=schedule)
            times, at = [], schedule.timing.start if isinstance(schedule.timing, Every) else now
            while schedule.fire_at and at < schedule.fire_at:
                times.append((at, job_id_at(schedule.id, at)))
                at += timedelta(seconds=schedule.timing.seconds)  # type: ignore[union-attr] # see above
            self.schedule_times[schedule.id] = times

    def is_anything_due(self) -> bool:
        """So that sweeps that would find nothing cost nothing."""
        soon = EPOCH + timedelta(microseconds=self.scheduler.us + 100 * SECOND)
        schedules = self.stores.schedules.list_schedules(None, None, 10)
        return (
            any(job.wake_at and job.wake_at < soon for job in self.all_jobs())
            or any(one.fire_at and one.fire_at < soon for one in schedules)
            or bool(self.stores.events.due(EPOCH + timedelta(days=1), 1))
        )

    def _is_finished(self) -> bool:
        scheduler = self.scheduler
        if scheduler.us < self._end + (SCHEDULES_SECONDS + 10) * SECOND or self._callers:
            return False
        if scheduler.us > self._end + MENDED_SECONDS * SECOND:
            left = [(job.id[:6], job.status) for job in self.all_jobs() if not job.is_terminal]
            scheduler.violate(f"an hour after the last fault there is still {left}")
            return True
        if self._looked_at == self.judge.commits:
            return False
        self._looked_at = self.judge.commits
        events = self.stores.events.due(EPOCH + timedelta(days=1), 1)
        return not events and all(job.is_terminal for job in self.all_jobs())
