"""The command itself: its options, its subcommands, and its exit statuses."""

from collections.abc import Sequence

import click
from click.shell_completion import get_completion_class

from dormouse.command import jobs, people, schedules, service, webhooks
from dormouse.command.session import INTERRUPTED, USAGE, Session, status_of
from dormouse.connection import VERSION
from dormouse.errors import DormouseError

BROKEN_PIPE = 141
"""As a shell reports a process that wrote to a pipe which nobody reads any more."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="dormouse")
@click.option("--profile", envvar="DORMOUSE_PROFILE", help="`local` is a running `./dev up`.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json", "jsonl", "ids"]), default="table"
)
@click.pass_context
def dormouse(context: click.Context, profile: str | None, output: str) -> None:
    """Submit durable jobs, await and manage them.

    The service is that of --profile, or of DORMOUSE_URL. Exit statuses: 0; 1 a job failed, was
    cancelled or had not ended in time; 2 usage; 3 identity; 4 not found; 5 refused or not reached;
    130 interrupted.
    """
    session = context.ensure_object(Session)
    session.profile, session.output = profile, output
    context.call_on_close(session.close)


@dormouse.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete this command; bash: eval "$(dormouse completion bash)"."""
    found = get_completion_class(shell)
    if found is None:
        raise click.BadParameter(shell)
    click.echo(found(dormouse, {}, "dormouse", "_DORMOUSE_COMPLETE").source())


for command in (
    jobs.submit,
    jobs.get,
    jobs.list_jobs,
    jobs.watch,
    jobs.result,
    jobs.cancel,
    jobs.retry,
    jobs.delete,
    service.types,
    schedules.schedules,
    webhooks.webhooks,
    service.dead_letters,
    people.login,
    people.logout,
    people.whoami,
    people.doctor,
):
    dormouse.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    session = Session()
    try:
        given = None if arguments is None else list(arguments)
        ended = dormouse.main(given, prog_name="dormouse", standalone_mode=False, obj=session)
    except click.exceptions.NoArgsIsHelpError as wrong:
        wrong.show()
        return USAGE
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except SystemExit:
        # How click ends where nobody reads its output any more.
        return BROKEN_PIPE
    except DormouseError as error:
        session.complain(error)
        return status_of(error)
    return ended if isinstance(ended, int) and ended else session.status
