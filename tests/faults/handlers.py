"""Job types that write down what they do, some of which misbehave in their first attempt."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import msgspec

from jobs.context import Context
from jobs.job.retry import RetryPolicy
from jobs.job.transitions import LEASE
from jobs.job_types import Registry, job_type
from tests.faults.ledger import recorded

TIMEOUT = timedelta(seconds=3)
RETRY = RetryPolicy(max_attempts=20, first_seconds=0.5, longest_seconds=4)


class Note(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to write, and how long to take."""

    ledger: str
    seconds: float = 0.01


class Noted(msgspec.Struct, frozen=True):
    attempt: int


EXAMPLE = Note(ledger="ledger.jsonl")


def _note(payload: Note, context: Context) -> Noted:
    lease_end = (context.deadline - TIMEOUT + LEASE).timestamp()
    with recorded(payload.ledger, context.job_id, context.attempt, lease_end):
        time.sleep(payload.seconds)
    return Noted(context.attempt)


@job_type("fault.none", example=EXAMPLE, timeout=TIMEOUT, retry=RETRY)
def behave(payload: Note, context: Context) -> Noted:
    """Work as a handler should."""
    return _note(payload, context)


@job_type("fault.kill", example=EXAMPLE, timeout=TIMEOUT, retry=RETRY)
def kill_worker(payload: Note, context: Context) -> Noted:
    """Kill the worker that runs this, in the first attempt."""
    if context.attempt == 1:
        fork_server = os.getppid()
        status = Path(f"/proc/{fork_server}/status").read_text()
        worker = next(line for line in status.splitlines() if line.startswith("PPid:"))
        os.kill(int(worker.split()[1]), signal.SIGKILL)
    return _note(payload, context)


@job_type("fault.hang", example=EXAMPLE, timeout=TIMEOUT, retry=RETRY)
def hang(payload: Note, context: Context) -> Noted:
    """Never return from the first attempt, deaf to polite signals."""
    if context.attempt == 1:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(1)
    return _note(payload, context)


@job_type("fault.eat", example=EXAMPLE, timeout=TIMEOUT, retry=RETRY)
def eat_memory(payload: Note, context: Context) -> Noted:
    """Take all the memory there is in the first attempt."""
    eaten = []
    while context.attempt == 1:
        eaten.append(bytearray(32 * 1024 * 1024))
    return _note(payload, context)


REGISTRY = Registry([behave, kill_worker, hang, eat_memory])
