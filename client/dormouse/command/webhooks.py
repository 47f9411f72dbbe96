"""Commands about webhooks."""

import click

from dormouse.command.session import Session, pass_session, with_output

ID = click.argument("id")
IDS = click.argument("ids", nargs=-1, required=True)

WEBHOOK = (
    ("id", lambda one: one.id),
    ("url", lambda one: one.url),
    ("state", lambda one: "enabled" if one.enabled else f"off: {one.disabled_reason}"),
    ("events", lambda one: " ".join(one.events) or "all"),
    ("types", lambda one: " ".join(one.types) or "all"),
)


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
