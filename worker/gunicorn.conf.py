"""How gunicorn serves: one process with threads, as Cloud Run scales by instances.

It binds to `PORT`. https://cloud.google.com/run/docs/tips/python

`threads` must be above the service's concurrency: a full instance still has to answer its probes
and the sweep.
"""

import gc
import signal
import threading
from typing import Any

workers = 1
worker_class = "gthread"
threads = 16
timeout = 0
# Cloud Run leaves ten seconds between SIGTERM and SIGKILL.
graceful_timeout = 8
keepalive = 75
control_socket_disable = True


def post_fork(_server: Any, _worker: Any) -> None:
    """Let the handlers load while the service does.

    Meanwhile no garbage is collected: it would cost a tenth of a cold start.
    """
    gc.disable()
    # Not at the top: that is read in the process that gunicorn forks from.
    from jobs.settings.settings import Settings  # noqa: PLC0415 - see above
    from worker.processes.fork_server import start  # noqa: PLC0415 - see above

    start(Settings.from_environment("worker"))


def post_worker_init(worker: Any) -> None:
    """On SIGTERM, end the handlers: their requests hand the jobs back while gunicorn waits."""
    # What was loaded stays for good, so no later collection need look at it.
    gc.freeze()
    gc.enable()
    stop = worker.wsgi.extensions["stop"]
    leave: Any = signal.getsignal(signal.SIGTERM)

    def end_handlers_and_leave(number: int, frame: Any) -> None:
        threading.Thread(target=stop).start()
        leave(number, frame)

    signal.signal(signal.SIGTERM, end_handlers_and_leave)
