"""Job types whose handlers do anything, and what runs them as the worker's processes would."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from jobs.context import Cancelled, Context, Continue, Link, PermanentError, RetryAfter
from jobs.events.model import DELIVERY
from jobs.job.model import JobError, Progress
from jobs.job.retry import RetryPolicy
from jobs.job_types import JobType, Registry, job_type
from jobs.webhooks.delivery import WebhookDelivery
from simulation.instance import us_of
from simulation.scheduler import SECOND, Actor
from worker.attempts.outcome import Dropped, Failed, HandlerOutcome, Interrupted
from worker.processes.run import Hold, Task, run_handler
from worker.processes.waiting import wait_and_hold

if TYPE_CHECKING:
    from simulation.instance import Instance
    from simulation.world import World

TIMEOUTS: Final = {"sim.short": 20, "sim.long": 150, "sim.new": 20}
ENDS: Final = {"ok": 70, "error": 12, "after": 6, "later": 6, "permanent": 2, "hang": 4}
"""How a handler ends where things go wrong, and how often of a hundred times."""
NEW: Final = "sim.new"
"""What an older release does not know."""


class Note(msgspec.Struct, frozen=True):
    tag: str


class Noted(msgspec.Struct, frozen=True):
    token: str


def registry_for(world: "World", *, older: bool) -> Registry:
    """The job types of a release."""

    def kind(name: str, seconds: int) -> JobType[Note, Noted]:
        def work(_payload: Note, context: Context) -> Noted:
            """Work."""
            return world.work.do(context)

        return job_type(
            name,
            example=Note("x"),
            timeout=timedelta(seconds=seconds),
            retry=RetryPolicy(max_attempts=3, first_seconds=2.0, longest_seconds=120.0),
        )(work)

    @job_type(
        DELIVERY,
        example=WebhookDelivery(event="e", event_type="job.succeeded", body="{}", webhook="w"),  # type: ignore[arg-type] # decoded
        timeout=timedelta(seconds=30),
        retry=RetryPolicy(max_attempts=8, delays_seconds=(5.0, 60.0, 300.0)),
        internal=True,
    )
    def deliver(_payload: WebhookDelivery, context: Context) -> Noted:
        """Deliver."""
        return world.work.deliver(context)

    kinds = [kind(*one) for one in TIMEOUTS.items() if not (older and one[0] == NEW)]
    return Registry([*kinds, deliver])


class Work:
    """What handlers do: take their time, say things, and mostly succeed."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def do(self, context: Context) -> Noted:
        world, rng = self._world, self._world.scheduler.rng
        run = world.scheduler.actor.about
        longest = (us_of(context.deadline) - run.instance.clock()) / SECOND
        whole = rng.choice([0.0, 0.5, 5.0, longest * 0.5, longest * 0.9])
        for _ in range(rng.randint(1, 4)):
            world.scheduler.sleep(whole / 4)
            self._die_perhaps()
            self._say(context)
        if world.faulty:
            self._end(rng.choices(list(ENDS), list(ENDS.values()))[0])
        return self._done(context)

    def deliver(self, context: Context) -> Noted:
        world = self._world
        world.scheduler.sleep(0.3)
        self._die_perhaps()
        if world.faulty and world.scheduler.rng.random() < 0.15:  # noqa: PLR2004
            raise ValueError("not taken")
        return self._done(context)

    def _done(self, context: Context) -> Noted:
        run = self._world.scheduler.actor.about
        run.token = f"{context.job_id[:6]}.{self._world.scheduler.us}"
        return Noted(run.token)

    def _die_perhaps(self) -> None:
        world = self._world
        if world.faulty and world.scheduler.rng.random() < world.plan.handler_dies:
            world.scheduler.actor.kill()
            world.scheduler.point("died")

    def _say(self, context: Context) -> None:
        scheduler = self._world.scheduler
        match scheduler.rng.randrange(7):
            case 0:
                context.progress(scheduler.rng.random())
            case 1:
                context.check()
            case 2:
                context.checkpoint({"at": scheduler.us})
            case 3:
                context.step(f"s{scheduler.rng.randrange(3)}", lambda: scheduler.us)

    def _end(self, how: str) -> None:
        scheduler = self._world.scheduler
        match how:
            case "error":
                raise ValueError("broken")
            case "after":
                raise RetryAfter(scheduler.rng.uniform(0, 20))
            case "later":
                raise Continue(scheduler.rng.uniform(0, 10))
            case "permanent":
                raise PermanentError("no")
            case "hang":
                scheduler.sleep(10_000)


class Line:
    """A handler's link: each call is made by a thread of the worker, as `LinkServer` has it."""

    def __init__(self, instance: "Instance", name: str, link: Link) -> None:
        self._instance, self._name, self._link = instance, name, link

    def _call(self, do: Callable[[], Any]) -> None:
        scheduler = self._instance.world.scheduler
        actor = scheduler.spawn(f"link:{self._name}", do, self._instance)
        scheduler.join(actor)
        if actor.error:
            raise actor.error

    def report(self, progress: Progress) -> None:
        self._call(lambda: self._link.report(progress))

    def check(self) -> None:
        self._call(self._link.check)

    def remember(self, checkpoint: str) -> None:
        self._call(lambda: self._link.remember(checkpoint))

    def say(self, time: datetime, level: str, text: str) -> None:
        self._link.say(time, level, text)


class Handlers:
    """A `Runner` as `HandlerPool`: ends handlers at their deadline, and when the worker stops."""

    def __init__(self, instance: "Instance", registry: Registry) -> None:
        self._instance, self._registry = instance, registry
        self._running: dict[Actor, None] = {}

    def run(self, task: Task, hold: Hold) -> HandlerOutcome:
        instance, world = self._instance, self._instance.world
        scheduler = world.scheduler
        if instance.stopping:
            return Interrupted()
        try:
            hold.begin()
        except Cancelled:
            return Dropped()
        run = world.judge.begins(task, instance)
        line = Line(instance, task.job_id[:6], hold)
        kind = self._registry.get(task.job_type)

        def handle() -> HandlerOutcome:
            scheduler.actor.about = run
            return run_handler(kind, task, line)

        handler = scheduler.spawn(f"handler:{task.job_id[:6]}#{task.attempt}", handle, instance)
        self._running[handler] = None
        seconds = max(0.1, (us_of(task.deadline) - instance.clock()) / SECOND)
        try:
            in_time = wait_and_hold(
                lambda left: scheduler.join(handler, left),
                hold,
                seconds,
                instance.runtime.boot_time,
            )
        except Cancelled:
            handler.kill()
            world.judge.ends(run, "dropped")
            return Dropped()
        finally:
            self._running.pop(handler, None)
        return self._outcome(handler, run, in_time=in_time)

    def _outcome(self, handler: Actor, run: Any, *, in_time: bool) -> HandlerOutcome:
        world = self._instance.world
        if not in_time:
            handler.kill()
        outcome: HandlerOutcome
        if handler.killed:
            world.judge.ends(run, "killed")
            code = "handler_died" if in_time else "timed_out"
            outcome = Failed(JobError(code=code, message=code))
        elif handler.error:
            raise handler.error
        else:
            world.judge.ends(run, "ended")
            outcome = handler.value
        stopped = self._instance.stopping and isinstance(outcome, Failed)
        return Interrupted() if stopped else outcome

    def stop(self) -> None:
        self._instance.stopping = True
        for handler in list(self._running):
            handler.kill()
