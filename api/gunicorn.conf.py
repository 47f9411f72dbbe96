"""How gunicorn serves: one process with threads, as Cloud Run scales by instances.

It binds to `PORT`. https://cloud.google.com/run/docs/tips/python

`threads` must be above the service's concurrency: a full instance still has to answer its probes.
"""

workers = 1
worker_class = "gthread"
threads = 80
timeout = 0
# Cloud Run leaves ten seconds between SIGTERM and SIGKILL.
graceful_timeout = 8
keepalive = 75
control_socket_disable = True
