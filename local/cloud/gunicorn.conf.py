"""How gunicorn serves the local cloud: one process, as key and fault plan live in its memory.

It binds to loopback unless `DORMOUSE_LOCAL_HOST` says otherwise: it gives a token to whoever asks.
"""

import os
from typing import Any

bind = f"{os.environ.get('DORMOUSE_LOCAL_HOST', '127.0.0.1')}:{os.environ.get('PORT', '8082')}"
workers = 1
worker_class = "gthread"
threads = 16
timeout = 0
graceful_timeout = 2
control_socket_disable = True


def worker_exit(server: Any, worker: Any) -> None:
    """Begin no further push once told to stop."""
    del server
    if worker.wsgi is not None:
        worker.wsgi.extensions["stop"]()
