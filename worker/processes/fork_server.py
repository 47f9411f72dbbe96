"""The process that handlers' processes are forked from.

A fork of the worker itself could hang, with gRPC's threads in it. This one has none, and the
handlers loaded. Loading takes as long as loading the service does, so it is begun first: the two
then go on side by side, and the first job does not wait for it.
https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
"""

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

from jobs.settings.settings import Settings


def start(settings: Settings) -> None:
    """Begin to load. Returns at once. Must come after gunicorn's own fork, never before."""
    context(settings.handlers, traced=bool(settings.telemetry))
    forkserver.ensure_running()


def context(handlers: str, *, traced: bool) -> ForkServerContext:
    """How to fork from it; starts it with the first process, unless it was started before."""
    found = multiprocessing.get_context("forkserver")
    tracing = ["jobs.telemetry.spans"] if traced else []
    found.set_forkserver_preload(["worker.processes.child", handlers, *tracing])
    return found
