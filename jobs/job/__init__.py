"""A job: what it is, how it changes, where it is kept."""
