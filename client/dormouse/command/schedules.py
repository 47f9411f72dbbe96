"""Commands about schedules."""

from typing import Any

import click

from dormouse.command.jobs import json_of
from dormouse.command.output import JOB
from dormouse.command.session import Session, pass_session, with_output

ID = click.argument("id")
IDS = click.argument("ids", nargs=-1, required=True)

SCHEDULE = (
    ("id", lambda one: one.id),
    ("type", lambda one: one.template.type),
    ("state", lambda one: one.state),
    ("when", lambda one: one.cron or f"every {one.every_seconds} s"),
    ("zone", lambda one: one.time_zone),
    ("next", lambda one: one.next_times[0] if one.next_times else None),
    ("description", lambda one: one.description),
)


@click.group()
def schedules() -> None:
    """Jobs that are made again and again."""


@schedules.command("list")
@with_output
@pass_session
def list_schedules(session: Session) -> None:
    """List schedules, newest first."""
    session.printer.items(session.client.schedules.list(), SCHEDULE)


@schedules.command("create")
@click.argument("type")
@click.argument("payload", default="{}")
@click.option("--cron", help="Five fields, as in '0 9 * * MON-FRI'.")
@click.option("--time-zone", help="Whose clocks --cron goes by; UTC if none is given.")
@click.option("--every", "every_seconds", type=int, help="So many seconds, in place of --cron.")
@click.option("--description")
@with_output
@pass_session
def create_schedule(session: Session, /, type: str, payload: str, **timing: Any) -> None:  # noqa: A002 - the API's word
    """Make jobs of TYPE by --cron or --every. PAYLOAD is as at `submit`."""
    made = session.client.schedules.create(type, json_of(payload), **timing)
    session.printer.item(made, SCHEDULE)


@schedules.command("get")
@ID
@with_output
@pass_session
def get_schedule(session: Session, id: str) -> None:  # noqa: A002 - the API's word
    """Show a schedule."""
    session.printer.item(session.client.schedules.get(id), SCHEDULE)


@schedules.command("pause")
@IDS
@with_output
@pass_session
def pause_schedules(session: Session, ids: tuple[str, ...]) -> None:
    """Make no more jobs until `resume`."""
    session.printer.items(session.each(ids, session.client.schedules.pause), SCHEDULE)


@schedules.command("resume")
@IDS
@with_output
@pass_session
def resume_schedules(session: Session, ids: tuple[str, ...]) -> None:
    """Go on with the next time."""
    session.printer.items(session.each(ids, session.client.schedules.resume), SCHEDULE)


@schedules.command("run")
@ID
@with_output
@pass_session
def run_schedule(session: Session, id: str) -> None:  # noqa: A002 - the API's word
    """Make a job of the schedule now, and print its id."""
    job = session.client.schedules.run(id)
    click.echo(job.id) if session.output == "table" else session.printer.item(job, JOB)


@schedules.command("delete")
@IDS
@pass_session
def delete_schedules(session: Session, ids: tuple[str, ...]) -> None:
    """Remove schedules; the jobs that they have made stay."""
    for _ in session.each(ids, session.client.schedules.delete):
        pass
