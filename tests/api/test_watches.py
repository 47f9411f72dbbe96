"""Those who watch the same job share the looks at it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.watching.job_watches import Watch, Watches
from api.watching.waiting import wait_until_terminal
from jobs.errors import JobNotFound, StoreUnavailable
from jobs.job import transitions
from jobs.job.model import Job, Progress, Status
from jobs.memory.jobs import MemoryJobStore
from jobs.runtime import MACHINE
from tests.factories import KEEP_FOR, T0, a_job

WATCHERS = 200
LONG = 60.0


class CountingStore(MemoryJobStore):
    """Counts reads; the next `failing` ones fail."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.failing = 0
        self.looked = threading.Semaphore(0)

    def get(self, job_id: str) -> Job | None:
        self.reads += 1
        self.looked.release()
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable
        return super().get(job_id)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def job_watches(store: CountingStore) -> Watches:
    return Watches(store, MACHINE)


@pytest.fixture
def job(store: CountingStore) -> Job:
    return store.create(a_job(status=Status.RUNNING))


@pytest.fixture
def watch(job_watches: Watches, job: Job) -> Iterator[Watch]:
    with job_watches.watching(job.id) as watch:
        yield watch


def succeeded(job: Job) -> Job:
    return transitions.succeed(job, T0, "7", keep_for=KEEP_FOR)


def test_many_watchers_cost_as_much_as_one(
    store: CountingStore, job_watches: Watches, job: Job
) -> None:
    """Two hundred see each of three states, by far fewer reads than there are watchers."""
    everybody, threads = threading.Barrier(WATCHERS + 1), threading.active_count()

    def watch_it() -> list[Any]:
        with job_watches.watching(job.id) as watch:
            seen = watch.recent()
            told: list[Any] = []
            everybody.wait()
            while seen and not seen.is_terminal:
                told.append(seen.progress and seen.progress.fraction)
                everybody.wait()
                seen = watch.next(seen, LONG)
            return [*told, seen and seen.status]

    with ThreadPoolExecutor(WATCHERS) as pool:
        watching = [pool.submit(watch_it) for _ in range(WATCHERS)]
        everybody.wait()
        everybody.wait()
        now = store.save(transitions.report(job, Progress(fraction=0.5)), before=job)
        everybody.wait()
        store.save(succeeded(now), before=now)
        told = [one.result() for one in watching]
    assert told == [[None, 0.5, Status.SUCCEEDED]] * WATCHERS
    assert store.reads < WATCHERS / 2
    assert threading.active_count() == threads


def test_a_look_is_as_new_as_who_asks(store: CountingStore, watch: Watch, job: Job) -> None:
    """What was saved before is seen, whatever another watcher saw before that."""
    assert watch.look() == job
    done = store.save(succeeded(job), before=job)
    assert watch.recent() == job
    assert watch.look() == done
    assert watch.recent() == done
    assert store.reads == 2


def test_another_watcher_takes_the_place_of_who_leaves(
    store: CountingStore, watch: Watch, job: Job
) -> None:
    """Who looked for all has gone; those who stay are told all the same."""
    seen = watch.look()
    with ThreadPoolExecutor(2) as pool:
        staying = pool.submit(watch.next, seen, LONG)
        store.looked.acquire()
        store.looked.acquire()
        follower = pool.submit(watch.next, seen, LONG)
        # It leaves at once, as somebody who hangs up, whoever of the three has looked.
        assert watch.next(seen, 0.01) is seen
        store.save(succeeded(job), before=job)
        for one in (staying, follower):
            told = one.result()
            assert told
            assert told.is_terminal


def test_a_look_that_fails_shows_nothing_new(store: CountingStore, watch: Watch, job: Job) -> None:
    """Who watches stays; who asks for the state as it is now learns that it can't be had."""
    seen = watch.look()
    store.failing = 2
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_until_terminal, watch, seen or job, LONG)
        while store.failing:
            store.looked.acquire()
        store.save(succeeded(job), before=job)
        assert waiting.result().is_terminal
    store.failing = 1
    with pytest.raises(StoreUnavailable):
        watch.look()


def test_a_deleted_job_is_told(store: CountingStore, watch: Watch, job: Job) -> None:
    """Who watches gets None, and who waits is told that there is none."""
    seen = watch.look()
    store.delete(job.id, job.version)
    assert watch.next(seen, LONG) is None
    with pytest.raises(JobNotFound):
        wait_until_terminal(watch, job, LONG)


def test_nobody_waits_when_the_process_must_stop(job_watches: Watches, watch: Watch) -> None:
    """All are woken, and who comes later does not wait."""
    seen = watch.look()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(watch.next, seen, LONG) for _ in range(3)]
        job_watches.stop()
        assert [one.result() for one in waiting] == [seen] * 3
    assert watch.next(seen, LONG) is seen


def test_nothing_is_kept_of_what_nobody_watches(job_watches: Watches, job: Job) -> None:
    """The last who leaves takes the watch along; those who come meanwhile share it."""
    with job_watches.watching(job.id) as first:
        with job_watches.watching(job.id) as second:
            assert second is first
        with job_watches.watching(job.id) as third:
            assert third is first
    assert job_watches._of_job == {}
