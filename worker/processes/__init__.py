"""Handlers' own processes and the link to them."""
