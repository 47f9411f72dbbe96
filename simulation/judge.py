"""Holds every commit and every run of a handler against what is promised, from outside.

It takes nothing from the code that it judges but the shape of a job: what a lease is, how many
attempts count and how soon things must happen are written down here once more.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from jobs.events.model import DELIVERY, Event
from jobs.job.model import AttemptOutcome, Job, Status
from simulation.handlers import TIMEOUTS
from simulation.instance import EPOCH, us_of
from simulation.scheduler import SECOND, Actor

if TYPE_CHECKING:
    from simulation.instance import Instance
    from simulation.world import World
    from worker.processes.run import Task

LONGEST_DISPATCH: Final = 3610 * SECOND
PROMPT: Final = 8.0
"""Where nothing fails, a job starts within so many seconds of its time."""
SWEEP: Final = 62.0
"""Or within so many more, where it is the sweep that dispatches it."""
DELIVERY_TIMEOUT: Final = 30
Claim = tuple[str, int, Any]


@dataclass(eq=False)
class Run:
    """One run of a handler."""

    claim: Claim
    instance: "Instance"
    begun: int
    token: str | None = None
    ended: int | None = None

    def __str__(self) -> str:
        end = f"{self.ended / SECOND:.3f}" if self.ended else "open"
        return f"#{self.claim[1]} at {self.instance.name} {self.begun / SECOND:.3f}..{end}"


class Judge:
    """Sees what the stores keep and what handlers do."""

    def __init__(self, world: "World") -> None:
        self._world, self._scheduler = world, world.scheduler
        self.commits = 0
        self.seen: Counter[str] = Counter()
        """How often what happened: a fault that never strikes finds nothing."""
        self.acknowledged: dict[str, str] = {}
        self.deleted_ids: dict[str, None] = {}
        self.created_ids: dict[str, None] = {}
        self._of_tag: dict[str, list[str]] = defaultdict(list)
        self._claims: dict[Claim, int] = {}
        self._let_go: dict[Claim, None] = {}
        self._runs: dict[str, list[Run]] = defaultdict(list)
        self._counted: Counter[str] = Counter()
        self._since: dict[str, int] = {}
        self._handed_back: dict[str, int] = {}
        self._told: list[Event] = []

    def _fail(self, job: Job, what: str) -> None:
        self._scheduler.violate(f"{job.id[:6]}: {what}")

    # What the stores keep

    def created(self, job: Job) -> None:
        self._keep("creates", job)
        if job.id in self.created_ids and job.id not in self.deleted_ids:
            self._fail(job, "created over what was there")
        self.created_ids[job.id] = None
        self._since[job.id] = self._scheduler.us
        if job.type != DELIVERY:
            self._of_tag[msgspec.json.decode(job.payload)["tag"]].append(job.id)
        self._must_be_looked_after(job)

    def deleted(self, job: Job) -> None:
        self._keep("deletes", job)
        self.deleted_ids[job.id] = None
        if not job.is_terminal:
            self._fail(job, f"deleted while it is {job.status}")

    def saved(self, job: Job, before: Job, there: Job | None, event: Event | None) -> None:
        self._keep("saves", job)
        if there is None or there.version != before.version:
            self._fail(job, f"the chain of its versions is broken at {before.version}")
        if before.is_terminal:
            self._wanted_again(job, before)
        elif job.is_terminal:
            self._ended(job, before, event)
        if before.status is Status.RUNNING:
            self._left_running(job, before)
        if job.status is Status.RUNNING:
            if not _same(job, before):
                self._claimed(job, before)
            self._claims[_claim_of(job)] = us_of(job.wake_at) if job.wake_at else 0
        if not before.status is job.status is Status.QUEUED:
            self._since[job.id] = self._scheduler.us
        if event:
            self._told.append(event)
        self._must_be_looked_after(job)

    def asked(self, name: str, actor: Actor) -> None:
        """The store is asked. Where nothing fails, an attempt reads no job."""
        plan = self._world.plan
        reads = name == "jobs.get" and actor.name.startswith("push")
        if reads and plan.calm and not plan.stopped_every and not plan.over_http:
            self._scheduler.violate(f"nothing fails, and {actor.name} reads a job")

    def _keep(self, what: str, job: Job) -> None:
        self.commits += 1
        if self._scheduler.story is not None:
            who = self._world.network.committing
            wake = f"{us_of(job.wake_at) / SECOND:.3f}" if job.wake_at else "-"
            self._scheduler.tell(
                f"{who.name if who else 'world'} {what} {job.id[:6]} v{job.version} {job.status}"
                f" #{job.attempt}/{job.max_attempts} wake {wake}"
            )

    def _clock(self) -> int:
        """By the clock of whoever commits; as late as may be, where it may have been set since."""
        who = self._world.network.committing
        plan = self._world.plan
        if plan.clock_set_every or who is None:
            return self._scheduler.us + int(plan.clocks_apart * SECOND)
        return who.clock()

    def _wanted_again(self, job: Job, before: Job) -> None:
        who = self._world.network.committing
        is_retry = before.status is not Status.SUCCEEDED and job.status is Status.QUEUED
        if not (is_retry and who and who.kind == "api" and job.attempt == 0):
            self._fail(job, f"was {before.status} and became {job.status}")
        self._counted[job.id] = 0
        self._let_go[_claim_of(before)] = None
        self.seen["asked again"] += 1

    def _ended(self, job: Job, before: Job, event: Event | None) -> None:
        self.seen[job.status.value] += 1
        if job.type != DELIVERY and job.notify and not (event and event.notify):
            self._fail(job, "ended, and nobody is to be told")
        if job.status is Status.SUCCEEDED:
            token = msgspec.json.decode(job.result or "null")["token"]
            runs = [run for run in self._runs[job.id] if run.token == token]
            if not runs or runs[0].claim != _claim_of(before):
                self._fail(job, "succeeded without a whole run of its own attempt")

    def _left_running(self, job: Job, before: Job) -> None:
        lost = job.attempts[-1:] != before.attempts[-1:] and (
            job.attempts[-1].outcome is AttemptOutcome.LOST
        )
        self.seen["lease lost"] += lost
        if lost and self._world.plan.calm:
            self._fail(job, "nothing fails, and a lease is lost")
        early = us_of(before.wake_at) - self._clock() if before.wake_at else 0
        is_handed_back = job.attempts[-1:] == before.attempts[-1:]
        if lost and early > 0 and before.handed_back < 5:  # noqa: PLR2004 - a count of the promise
            self._fail(job, f"its lease is taken {early / SECOND:.3f} s early")
        if not lost and not (_same(job, before) and job.status is Status.RUNNING):
            self._let_go[_claim_of(before)] = None
            if job.status is Status.RUNNING:
                self._fail(job, "one attempt became another without losing its lease")
        if is_handed_back and job.status in (Status.FAILED, Status.SUCCEEDED):
            self._fail(job, f"{job.status} without an end of its attempt")
        if job.handed_back > before.handed_back:
            self._handed_back[job.id] = self._scheduler.us
        if job.status is Status.QUEUED and is_handed_back:
            self._counted[job.id] -= 1
            self.seen["paused or handed back"] += 1

    def _claimed(self, job: Job, before: Job) -> None:
        self._counted[job.id] += 1
        if self._clock() < us_of(before.run_at):
            self._fail(job, "claimed before its time")
        if self._counted[job.id] > job.max_attempts or job.attempt > job.max_attempts:
            self._fail(job, f"attempt {self._counted[job.id]} of {job.max_attempts}")
        handed_back = self._handed_back.pop(job.id, None)
        if self._world.plan.calm and handed_back is not None:
            late = (self._scheduler.us - handed_back) / SECOND
            if late > PROMPT:
                self._fail(job, f"handed back, and claimed {late:.1f} s later")
        if self._world.plan.calm:
            due = max(us_of(job.run_at), self._since[job.id])
            by_sweep = us_of(job.run_at) - self._since[job.id] > 5 * SECOND
            late = (self._scheduler.us - due) / SECOND
            if late > PROMPT + SWEEP * by_sweep and not self._world.plan.stopped_every:
                self._fail(job, f"nothing fails, and it is claimed {late:.1f} s late")

    def _must_be_looked_after(self, job: Job) -> None:
        if job.is_terminal != (job.wake_at is None):
            self._fail(job, f"is {job.status}, and its wake_at is {job.wake_at}")
        elif job.wake_at and job.status is Status.QUEUED:
            latest = max(self._scheduler.us, us_of(job.run_at)) + LONGEST_DISPATCH
            if us_of(job.wake_at) > latest:
                self._fail(job, f"nobody looks after it before {job.wake_at}")

    # What handlers do

    def begins(self, task: "Task", instance: "Instance") -> Run:
        timeout = TIMEOUTS.get(task.job_type, DELIVERY_TIMEOUT)
        claim = (task.job_id, task.attempt, task.deadline - timedelta(seconds=timeout))
        run = Run(claim, instance, self._scheduler.us)
        self._scheduler.tell(f"{instance.name} runs {task.job_id[:6]} #{task.attempt}")
        if claim not in self._claims:
            self._scheduler.violate(f"{task.job_id[:6]}: {run} without a claim")
        elif instance.clock() >= self._claims[claim] and not self._world.plan.clock_set_every:
            late = (instance.clock() - self._claims[claim]) / SECOND
            self._scheduler.violate(
                f"{task.job_id[:6]}: {run} begins {late:.1f} s after its lease has ended"
            )
        for other in self._runs[task.job_id]:
            if other.claim == claim:
                self._scheduler.violate(f"{task.job_id[:6]}: {other} and {run} of one claim")
        self._runs[task.job_id].append(run)
        return run

    def ends(self, run: Run, how: str) -> None:
        run.ended = self._scheduler.us
        self._scheduler.tell(f"{run.instance.name}: {run.claim[0][:6]} #{run.claim[1]} {how}")

    # In the end

    def sum_up(self) -> None:
        """To be asked once everything has ended."""
        stores = self._world.stores
        for job_id, tag in self.acknowledged.items():
            job = stores.jobs.get(job_id)
            if job is None and job_id not in self.deleted_ids:
                self._scheduler.violate(f"{job_id[:6]} ({tag}): acknowledged, and lost")
            elif job and not job.is_terminal:
                self._scheduler.violate(f"{job_id[:6]} ({tag}): acknowledged, and {job.status}")
        for tag, ids in self._of_tag.items():
            if tag.startswith("key") and len(ids) > 1 and not self.deleted_ids.keys() & ids:
                self._scheduler.violate(f"{tag}: one key has made {len(ids)} jobs")
        self._sum_up_events()
        for schedule_id, times in self._world.schedule_times.items():
            for at, job_id in times:
                if job_id not in self.created_ids:
                    self._scheduler.violate(f"schedule {schedule_id}: no job for {at - EPOCH}")

    def _sum_up_events(self) -> None:
        made: Counter[str] = Counter()
        for job in self._world.all_jobs():
            if job.type == DELIVERY:
                made[msgspec.json.decode(job.payload)["event"]] += 1
                runs = self._runs[job.id]
                if job.status is Status.SUCCEEDED and not any(run.token for run in runs):
                    self._fail(job, "told, and never sent")
        for event in self._told:
            wanted = len(event.webhooks) + bool(event.notify)
            if made[event.id] != wanted:
                self._scheduler.violate(f"{event.id}: {made[event.id]} deliveries, not {wanted}")


def _claim_of(job: Job) -> Claim:
    return job.id, job.attempt, job.started_at


def _same(job: Job, before: Job) -> bool:
    return before.status is Status.RUNNING and _claim_of(job) == _claim_of(before)
