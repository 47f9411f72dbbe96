"""What each part of a deployment carries at most, from its limits alone."""

from collections.abc import Iterable, Sequence

import msgspec

from bench.simulator.system import Setup
from deployment.cost.model import LEAST_MESSAGE
from local.processes import ROOT

INDEXES = ROOT / "infra" / "firestore-indexes.json"
_TRANSITIONS = (
    (
        "create",
        frozenset({"shard", "owner", "type", "status", "label_pairs", "created_at", "wake_at"}),
    ),
    ("claim", frozenset({"status", "wake_at"})),
    ("finish", frozenset({"status", "wake_at"})),
)
"""The indexed fields that each of a job's three writes changes."""
_EACH_STATUS_ITS_RANGE = 2
"""A job enters and leaves the range of a status; its first and last status see it once."""


class _Field(msgspec.Struct):
    path: str


class _Index(msgspec.Struct):
    collection: str
    fields: list[_Field]


class _Indexes(msgspec.Struct):
    indexes: list[_Index]


class Wall(msgspec.Struct, frozen=True, kw_only=True):
    """Where more jobs a second than these pile up, and what moves it."""

    name: str
    jobs_a_second: float
    moved_by: str


def first(walls: Iterable[Wall]) -> Wall:
    return min(walls, key=lambda wall: wall.jobs_a_second)


def walls(setup: Setup) -> list[Wall]:
    """Every wall of a deployment, the nearest first."""
    found = [*_services(setup), *_indexes(setup), *_queue(setup)]
    return sorted(found, key=lambda wall: wall.jobs_a_second)


def push_seconds(setup: Setup) -> float:
    """What an ordinary push holds its place for."""
    figures = setup.figures
    return figures.worker_cpu.value + 2 * figures.commit.p50 + figures.handler.p50


def submit_seconds(setup: Setup) -> float:
    """What an ordinary submission holds its place for."""
    figures = setup.figures
    return figures.api_cpu.value + figures.commit.p50 + figures.publish.p50


def seconds_to_ramp(setup: Setup, jobs_a_second: float) -> float:
    """How long Google's 500/50/5 rule takes to allow so many jobs' writes."""
    figures, allowed, seconds = setup.figures, setup.figures.ramp_writes.value, 0.0
    while allowed < jobs_a_second * len(_TRANSITIONS):
        allowed *= figures.ramp_growth.value
        seconds += figures.ramp_seconds.value
    return seconds


def _services(setup: Setup) -> list[Wall]:
    figures, api, worker = setup.figures, setup.api, setup.worker
    on_cores = figures.handler_cpu.value + figures.worker_cpu.value
    return [
        Wall(
            name=f"worker: places for handlers, {worker.max_instances} instances of"
            f" {worker.concurrency}",
            jobs_a_second=worker.max_instances * worker.concurrency / push_seconds(setup),
            moved_by="`worker.max_instances`, `worker.processes`; shorter handlers",
        ),
        Wall(
            name=f"worker: CPU, {worker.max_instances} instances of {worker.vcpus:g} vCPUs",
            jobs_a_second=worker.max_instances * worker.vcpus / on_cores,
            moved_by="`worker.max_instances`, `worker.cpu`",
        ),
        Wall(
            name=f"API: CPU, {api.max_instances} instances",
            jobs_a_second=api.max_instances / figures.api_cpu.value,
            moved_by="`api.max_instances`; batches",
        ),
        Wall(
            name=f"API: places, {api.max_instances} instances of {api.concurrency}",
            jobs_a_second=api.max_instances * api.concurrency / submit_seconds(setup),
            moved_by="`api.max_instances`",
        ),
        Wall(
            name="API: one principal's submissions",
            jobs_a_second=api.max_instances * setup.submit_rate,
            moved_by="`limits.submit_rate`; batches count each job",
        ),
        Wall(
            name="worker: Cloud Run's own default of instances",
            jobs_a_second=figures.most_instances.value * worker.concurrency / push_seconds(setup),
            moved_by="a quota, on request",
        ),
    ]


def _indexes(setup: Setup) -> list[Wall]:
    listed = msgspec.json.decode(INDEXES.read_bytes(), type=_Indexes)
    return [
        _index(setup, [field.path for field in index.fields])
        for index in listed.indexes
        if index.collection == "jobs"
    ]


def _index(setup: Setup, fields: Sequence[str]) -> Wall:
    writes = sum(not changed.isdisjoint(fields) for _, changed in _TRANSITIONS)
    if "status" in fields:
        writes = _EACH_STATUS_ITS_RANGE
    return Wall(
        name=f"Firestore: the index of jobs by {', '.join(fields)}",
        jobs_a_second=setup.shards * setup.figures.index_writes.value / writes,
        moved_by=f"`SHARDS` in `jobs/job/model.py`, now {setup.shards}",
    )


def _queue(setup: Setup) -> list[Wall]:
    figures = setup.figures
    return [
        Wall(
            name=f"Pub/Sub: {figures.window_linear.value:g} pushes at once, quickly reached",
            jobs_a_second=figures.window_linear.value / push_seconds(setup),
            moved_by="time: the window goes on growing, slowly; shorter handlers",
        ),
        Wall(
            name="Pub/Sub: bytes published in a region",
            jobs_a_second=figures.publish_quota.value
            / max(LEAST_MESSAGE, figures.job_message_bytes.value),
            moved_by="a quota, on request",
        ),
    ]
