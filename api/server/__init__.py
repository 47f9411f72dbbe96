"""gunicorn, made fit for untrusted clients."""
