"""Those who submit jobs, change their minds, and ask again when they get no answer."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from simulation.handlers import NEW, TIMEOUTS

if TYPE_CHECKING:
    from simulation.world import World

ANSWER_SECONDS = 30
TRIES = 30


class Caller:
    """Submits one job, and then does to it whatever comes to mind."""

    def __init__(self, world: "World", number: int) -> None:
        self._world, self._number = world, number

    def __call__(self) -> None:
        world, rng, plan = self._world, self._world.scheduler.rng, self._world.plan
        world.scheduler.park(rng.uniform(0, plan.minutes * 60 * 0.8))
        is_keyed = rng.random() < 0.6  # noqa: PLR2004
        tag = f"{'key' if is_keyed else 'free'}{self._number}"
        body, key = self._body(tag), tag if is_keyed else None
        job_id = self._submit(body, key, batch=rng.random() < 0.15)  # noqa: PLR2004
        if job_id is None:
            return
        world.judge.acknowledged[job_id] = tag
        world.scheduler.tell(f"acknowledged {job_id[:6]} {tag}")
        if key and rng.random() < 0.3:  # noqa: PLR2004
            world.scheduler.park(rng.uniform(0, 200))
            self._ask(lambda api: api.submit(body, key))
        for chance, verb, longest in (
            (plan.cancels, "cancel", rng.choice([1, 10, 120])),
            (plan.asks_again, "retry", rng.choice([0, 0, 10, 120])),
            (0.0 if plan.calm else 0.1, "delete", 300),
        ):
            if rng.random() < chance:
                world.scheduler.park(rng.uniform(0, longest))
                self._ask(partial(_act, verb, job_id))

    def _body(self, tag: str) -> dict[str, Any]:
        rng, plan = self._world.scheduler.rng, self._world.plan
        kinds = [kind for kind in TIMEOUTS if kind != NEW or plan.older_release]
        body: dict[str, Any] = {
            "type": rng.choice(kinds),
            "payload": {"tag": tag},
            "max_attempts": rng.randint(1, 4),
        }
        if rng.random() < 0.4:  # noqa: PLR2004
            body["delay_seconds"] = rng.choice([1.0, 4.0, 30.0, 200.0])
        if rng.random() < plan.notifies:
            body["notify"] = {"url": "https://example.com/hook"}
        return body

    def _submit(self, body: dict[str, Any], key: str | None, *, batch: bool) -> str | None:
        """The job's id once there was an answer, or None."""
        for _ in range(TRIES):
            if batch:
                job_id = self._ask(lambda api: api.submit_all([body], [key])[0])
            else:
                job_id = self._ask(lambda api: api.submit(body, key))
            if job_id is not None:
                return str(job_id)
            self._world.scheduler.park(self._world.scheduler.rng.uniform(0.5, 10))
        return None

    def _ask(self, what: Callable[[Any], Any]) -> Any:
        """What some instance of the API answered, or None if there was no good answer in time."""
        world, scheduler = self._world, self._world.scheduler
        scheduler.point("ask")
        target = world.some_api()
        if target is None:
            scheduler.park(1)
            return None
        name = f"caller{self._number}"
        asked = target.request(name, lambda: what(target.service), lambda *_: None)
        scheduler.join(asked, ANSWER_SECONDS)
        lost = world.faulty and scheduler.rng.random() < world.plan.answers_lost
        is_answered = not asked.alive and not asked.killed and asked.error is None
        return asked.value if is_answered and not lost else None


def _act(verb: str, job_id: str, api: Any) -> None:
    api.act(verb, job_id)
