"""How gunicorn serves: one process with threads, as Cloud Run scales by instances.

It binds to `PORT`. https://cloud.google.com/run/docs/tips/python

`threads` must be above the service's concurrency: a full instance still has to answer its probes.
They are far above it, as slow clients hold them too; one that is not needed is not started.
"""

import gc
import signal
from typing import Any

workers = 1
worker_class = "api.server.gunicorn_worker.Worker"
threads = 400
timeout = 0
# Cloud Run leaves ten seconds between SIGTERM and SIGKILL.
graceful_timeout = 8
keepalive = 75
limit_request_line = 8190
control_socket_disable = True


def post_fork(_server: Any, _worker: Any) -> None:
    """Collect no garbage while the service loads: it would cost a tenth of a cold start."""
    gc.disable()


def post_worker_init(worker: Any) -> None:
    """On SIGTERM, answer the requests that wait for a job with the job as it is."""
    # What was loaded stays for good, so no later collection need look at it.
    gc.freeze()
    gc.enable()
    stop = worker.wsgi.extensions["stop"]
    leave: Any = signal.getsignal(signal.SIGTERM)

    def stop_and_leave(number: int, frame: Any) -> None:
        stop()
        leave(number, frame)

    signal.signal(signal.SIGTERM, stop_and_leave)
