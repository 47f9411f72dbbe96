"""Flask, Celery, and Redis as broker and result store."""
