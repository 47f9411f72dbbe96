"""Commands about job types, schedules, webhooks and dead letters."""

from typing import Any

import click

from dormouse.command.jobs import json_of
from dormouse.command.output import JOB
from dormouse.command.safe_text import as_json
from dormouse.command.session import Session, pass_session, with_output

ID = click.argument("id")
IDS = click.argument("ids", nargs=-1, required=True)

TYPE = (
    ("name", lambda kind: kind.name),
    ("timeout", lambda kind: f"{kind.timeout_seconds:g} s"),
    ("description", lambda kind: kind.description.partition("\n")[0]),
)
SCHEDULE = (
    ("id", lambda one: one.id),
    ("type", lambda one: one.template.type),
    ("state", lambda one: one.state),
    ("when", lambda one: one.cron or f"every {one.every_seconds} s"),
    ("zone", lambda one: one.time_zone),
    ("next", lambda one: one.next_times[0] if one.next_times else None),
    ("description", lambda one: one.description),
)
WEBHOOK = (
    ("id", lambda one: one.id),
    ("url", lambda one: one.url),
    ("state", lambda one: "enabled" if one.enabled else f"off: {one.disabled_reason}"),
    ("events", lambda one: " ".join(one.events) or "all"),
    ("types", lambda one: " ".join(one.types) or "all"),
)
LETTER = (
    ("id", lambda one: one.id),
    ("reason", lambda one: one.reason),
    ("created", lambda one: one.created_at),
    ("job", lambda one: one.job_id),
    ("detail", lambda one: one.detail),
)


@click.command()
@click.argument("name", required=False)
@with_output
@pass_session
def types(session: Session, name: str | None) -> None:
    """List job types, or show one with its schemas."""
    if name is None:
        session.printer.items(session.client.job_types(), TYPE)
        return
    schemas = (
        ("payload", lambda kind: as_json(kind.payload_schema)),
        ("result", lambda kind: as_json(kind.result_schema)),
        ("example", lambda kind: as_json(kind.example)),
    )
    session.printer.item(session.client.job_type(name), (*TYPE, *schemas))


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


@click.group()
def webhooks() -> None:
    """URLs that hear of jobs."""


@webhooks.command("list")
@with_output
@pass_session
def list_webhooks(session: Session) -> None:
    """List webhooks, newest first."""
    session.printer.items(session.client.webhooks.list(), WEBHOOK)


@webhooks.command("create")
@click.argument("url")
@click.option("--event", "events", multiple=True, help="Which events; all if none is given.")
@click.option("--type", "types_", multiple=True, help="Of which job types, as in 'http.*'.")
@click.option("--description", default="")
@with_output
@pass_session
def create_webhook(
    session: Session, url: str, events: tuple[str, ...], types_: tuple[str, ...], description: str
) -> None:
    """Have URL told of your jobs. The secret is shown this once."""
    made = session.client.webhooks.create(url, events=events, types=types_, description=description)
    session.printer.item(made, (*WEBHOOK, ("secret", lambda one: one.secret)))


@webhooks.command("test")
@ID
@pass_session
def test_webhook(session: Session, id: str) -> None:  # noqa: A002 - the API's word
    """Send it `webhook.test`, and print the delivery's id."""
    click.echo(session.client.webhooks.test(id).id)


@webhooks.command("deliveries")
@ID
@with_output
@pass_session
def list_deliveries(session: Session, id: str) -> None:  # noqa: A002 - the API's word
    """List what was sent to it, newest first."""
    columns = (
        ("id", lambda one: one.id),
        ("event", lambda one: one.event_type),
        ("status", lambda one: one.status),
        ("attempt", lambda one: f"{one.attempt}/{one.max_attempts}"),
        ("created", lambda one: one.created_at),
    )
    session.printer.items(session.client.webhooks.deliveries(id), columns)


@webhooks.command("rotate-secret")
@ID
@pass_session
def rotate_secret(session: Session, id: str) -> None:  # noqa: A002 - the API's word
    """Print a new secret; the old one signs beside it for a day."""
    click.echo(session.client.webhooks.rotate_secret(id).secret)


@webhooks.command("delete")
@IDS
@pass_session
def delete_webhooks(session: Session, ids: tuple[str, ...]) -> None:
    """Send nothing more to them."""
    for _ in session.each(ids, session.client.webhooks.delete):
        pass


@click.group("dead-letters")
def dead_letters() -> None:
    """Messages that no worker took; for operators."""


@dead_letters.command("list")
@with_output
@pass_session
def list_dead_letters(session: Session) -> None:
    """List dead letters, newest first."""
    session.printer.items(session.client.dead_letters.list(), LETTER)


@dead_letters.command("redrive")
@IDS
@with_output
@pass_session
def redrive(session: Session, ids: tuple[str, ...]) -> None:
    """Dispatch their jobs again, and remove them."""
    session.printer.items(session.each(ids, session.client.dead_letters.redrive), JOB)


@dead_letters.command("delete")
@IDS
@pass_session
def delete_dead_letters(session: Session, ids: tuple[str, ...]) -> None:
    """Remove them; their jobs stay as they are."""
    for _ in session.each(ids, session.client.dead_letters.delete):
        pass
