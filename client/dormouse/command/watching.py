"""A job as it goes on, live."""

from typing import Any

import click
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from dormouse.command.safe_text import as_json, one_line
from dormouse.command.session import Session
from dormouse.job import Job
from dormouse.model import JobEvent


def watch_job(session: Session, job: Job[Any]) -> None:
    """Events as JSON lines; or the log, below it a bar where there is a terminal."""
    if session.output != "table":
        for event in job.events():
            click.echo(as_json(event))
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=session.console, disable=not session.console.is_terminal
    ) as bar:
        task = bar.add_task(job.type, total=1.0)
        for event in job.events():
            _show(bar, task, job.type, event)


def _show(bar: Progress, task: TaskID, name: str, event: JobEvent) -> None:
    data = event.data
    if event.kind == "log":
        bar.console.print(Text(one_line(f"{data['time']} {data['level']:<7} {data['text']}")))
    elif event.kind == "progress":
        message = one_line(data["message"])
        bar.update(task, completed=float(data["fraction"]), description=f"{name} {message}".strip())
    elif event.kind == "status":
        bar.console.print(Text(one_line(f"{data['status']}, attempt {data['attempt']}"), "bold"))
