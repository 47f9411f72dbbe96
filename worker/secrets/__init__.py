"""Secrets: read from files, scrubbed from what handlers say."""
