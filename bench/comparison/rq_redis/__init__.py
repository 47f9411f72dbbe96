"""Flask, RQ and Redis."""
