"""Job types that do what real handlers do at their worst. Used as DORMOUSE_HANDLERS in tests."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import msgspec

from jobs.context import Context, Continue, PermanentError, RetryAfter
from jobs.job.retry import RetryPolicy
from jobs.job_types import Registry, job_type

QUICK = RetryPolicy(max_attempts=3, first_seconds=0.01, longest_seconds=0.05)


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str = ""
    seconds: float = 0.0


@job_type(
    "test.echo",
    example=Note("hello"),
    timeout=timedelta(seconds=10),
    retry=QUICK,
    secret_fields=("text",),
)
def echo(payload: Note, _context: Context) -> Note:
    """Give the payload back, after a while."""
    time.sleep(payload.seconds)
    return payload


@job_type("test.fail", example=Note("why"), timeout=timedelta(seconds=10), retry=QUICK)
def fail(payload: Note, _context: Context) -> Nothing:
    """Raise, as the text says: `permanent`, `later`, or anything."""
    if payload.text == "permanent":
        raise PermanentError("no use")
    if payload.text == "later":
        raise RetryAfter(payload.seconds)
    raise ValueError(f"token=secret123 {payload.text}")


@job_type("test.hang", example=Nothing(), timeout=timedelta(seconds=1), retry=QUICK)
def hang(_payload: Nothing, _context: Context) -> Nothing:
    """Ignore every polite way to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


@job_type("test.exit", example=Note(), timeout=timedelta(seconds=10), retry=QUICK)
def leave(_payload: Note, _context: Context) -> Nothing:
    """Take the process along, as a crash in a C library does."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return Nothing()


@job_type("test.eat", example=Nothing(), timeout=timedelta(seconds=30), retry=QUICK)
def eat(_payload: Nothing, _context: Context) -> Nothing:
    """Take ever more memory."""
    eaten = []
    while True:
        eaten.append(bytearray(16 * 1024 * 1024))


@job_type("test.step", example=Note(), timeout=timedelta(seconds=10), retry=QUICK)
def step(payload: Note, context: Context) -> Note:
    """Do a step that leaves a mark in the file that the text names, then fail once."""

    def mark() -> int:
        with Path(payload.text).open("a") as file:
            file.write("x")
        return 7

    done = context.step("mark", mark)
    if context.attempt == 1:
        raise ValueError("after the step")
    return Note(text=f"{done}")


@job_type("test.continue", example=Note(), timeout=timedelta(seconds=10), retry=QUICK)
def go_on(payload: Note, context: Context) -> Note:
    """Come in three parts."""
    part = (context.state or 0) + 1
    if part < 3:
        context.checkpoint(part)
        raise Continue(after=payload.seconds)
    return Note(text=f"part {part}, attempt {context.attempt}")


@job_type("test.report", example=Note(), timeout=timedelta(seconds=20), retry=QUICK)
def report(payload: Note, context: Context) -> Note:
    """Report until told to stop."""
    for count in range(200):
        context.progress(count / 200, f"{count}")
        time.sleep(0.05)
    return payload


@job_type("test.talk", example=Note(), timeout=timedelta(seconds=10), retry=QUICK)
def talk(payload: Note, context: Context) -> Nothing:
    """Log, then do as the text says: `fail` once, `hang`, `report`, or end."""
    context.log.debug("not wanted in production")
    context.log.info("attempt %d begins, token=%s", context.attempt, "abc123")
    if payload.text == "report":
        context.progress(0.5)
        context.log.info("half of it is done")
    try:
        int("seven")
    except ValueError:
        context.log.warning("no number", exc_info=True)
    if payload.text == "hang":
        time.sleep(payload.seconds)
    if payload.text == "fail" and context.attempt == 1:
        raise ValueError("after all that")
    return Nothing()


REGISTRY = Registry([echo, fail, hang, leave, eat, step, go_on, report, talk])
