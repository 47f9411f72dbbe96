"""Commands about job types and dead letters."""

import click

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
