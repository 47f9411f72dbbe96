"""Measurements: how fast, how large and how sturdy Dormouse is. Tests alone import this."""
