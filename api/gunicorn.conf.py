"""How gunicorn serves: one process with threads, as Cloud Run scales by instances.

It binds to `PORT`. https://cloud.google.com/run/docs/tips/python

`threads` must not be below the service's concurrency, or requests wait in the socket's queue.
"""

workers = 1
worker_class = "gthread"
threads = 80
timeout = 0
# Cloud Run leaves ten seconds between SIGTERM and SIGKILL.
graceful_timeout = 8
keepalive = 75
control_socket_disable = True
