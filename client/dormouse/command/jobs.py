"""Commands about jobs."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from dormouse.command.output import JOB
from dormouse.command.safe_text import as_json
from dormouse.command.session import Session, pairs_of, pass_session, with_output
from dormouse.command.watching import watch_job
from dormouse.errors import JobEnded
from dormouse.job import Job
from dormouse.operations.waiting import succeeded
from dormouse.payloads import decoded

IDS = click.argument("ids", nargs=-1, required=True)


@click.command()
@click.argument("type")
@click.argument("payload", default="{}")
@click.option("--wait", is_flag=True, help="Print the result once the job has succeeded.")
@click.option("--timeout", type=float, help="Wait at most so many seconds.")
@click.option("--key", help="The idempotency key: the same key is the same job.")
@click.option("--delay", type=float, help="Start no earlier than so many seconds from now.")
@click.option("--at", "run_at", help="Start no earlier than this time, as in 2027-01-31T09:00Z.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE")
@click.option("--max-attempts", type=int)
@click.option("--notify", metavar="URL", help="A URL that is told once the job has ended.")
@with_output
@pass_session
def submit(
    session: Session,
    type: str,  # noqa: A002 - the API's word
    payload: str,
    wait: bool,
    timeout: float | None,
    key: str | None,
    delay: float | None,
    run_at: str | None,
    labels: tuple[str, ...],
    max_attempts: int | None,
    notify: str | None,
) -> None:
    """Submit a job of TYPE. PAYLOAD is JSON, `-` for standard input, or @FILE.

    Prints the job's id or, with --wait, its result; exits with 1 if the job failed.
    """
    job = session.client.submit(
        type,
        json_of(payload),
        idempotency_key=key,
        delay=delay,
        run_at=moment_of(run_at),
        labels=pairs_of(labels) or None,
        max_attempts=max_attempts,
        notify=notify,
    )
    if wait:
        _print_result(session, job, timeout)
    elif session.output == "table":
        click.echo(job.id)
    else:
        session.printer.item(job, JOB)


@click.command()
@IDS
@with_output
@pass_session
def get(session: Session, ids: tuple[str, ...]) -> None:
    """Show jobs."""
    _show(session, ids, session.client.get)


@click.command("list")
@click.option(
    "--status", type=click.Choice(["queued", "running", "succeeded", "failed", "cancelled"])
)
@click.option("--type", "type_", help="Only jobs of this type.")
@click.option("--label", metavar="NAME=VALUE", help="Only jobs with this label.")
@click.option("-n", "--limit", type=int, default=50, show_default=True, help="0 for all.")
@with_output
@pass_session
def list_jobs(
    session: Session, status: Any, type_: str | None, label: str | None, limit: int
) -> None:
    """List jobs, newest first."""
    wanted = next(iter(pairs_of([label]).items())) if label else None
    found = session.client.jobs(status=status, type=type_, label=wanted, limit=limit or None)
    session.printer.items(found, JOB)


@click.command()
@click.argument("id")
@with_output
@pass_session
def watch(session: Session, id: str) -> None:  # noqa: A002 - the API's word
    """Follow a job until it has ended; exits with 1 if it failed."""
    job = session.client.get(id)
    watch_job(session, job)
    _judge(session, job.refresh())


@click.command()
@IDS
@click.option("--timeout", type=float, help="Wait at most so many seconds.")
@with_output
@pass_session
def result(session: Session, ids: tuple[str, ...], timeout: float | None) -> None:
    """Wait for jobs and print their results; exits with 1 if one failed."""
    for job in session.each(ids, session.client.get):
        with session.complaining():
            _print_result(session, job, timeout)


@click.command()
@IDS
@with_output
@pass_session
def cancel(session: Session, ids: tuple[str, ...]) -> None:
    """Cancel jobs that have not ended."""
    _show(session, ids, lambda one: session.client.get(one).cancel())


@click.command()
@IDS
@with_output
@pass_session
def retry(session: Session, ids: tuple[str, ...]) -> None:
    """Queue failed or cancelled jobs again."""
    _show(session, ids, lambda one: session.client.get(one).retry())


@click.command()
@IDS
@pass_session
def delete(session: Session, ids: tuple[str, ...]) -> None:
    """Remove jobs that have ended."""
    for _ in session.each(ids, lambda one: session.client.get(one).delete()):
        pass


def json_of(text: str) -> Any:
    """A payload as it is given. Raises `click.BadParameter`."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"no JSON: {error}", param_hint="PAYLOAD") from error


def moment_of(text: str | None) -> datetime | None:
    """A time with its zone. Raises `click.BadParameter`."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise click.BadParameter(f"{text} is no time as in 2027-01-31T09:00Z") from error


def _show(session: Session, ids: tuple[str, ...], do: Any) -> None:
    if len(ids) == 1 and ids[0] != "-":
        session.printer.item(do(ids[0]), (*JOB, *_MORE))
    else:
        session.printer.items(session.each(ids, do), JOB)


def _print_result(session: Session, job: Job[Any], timeout: float | None) -> None:
    done = succeeded(job.wait(timeout))
    click.echo(as_json(decoded(done.output, Any), indent=None if session.output == "jsonl" else 2))


def _judge(session: Session, job: Job[Any]) -> None:
    try:
        succeeded(job)
    except JobEnded as error:
        session.complain(error)


_MORE = (
    ("owner", lambda job: job.owner),
    ("run at", lambda job: job.run_at),
    ("started", lambda job: job.started_at),
    ("finished", lambda job: job.finished_at),
    ("payload", lambda job: as_json(job.payload)),
    ("result", lambda job: as_json(job.output) if job.status == "succeeded" else None),
)
