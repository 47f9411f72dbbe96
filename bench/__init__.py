"""Measurements: what Dormouse costs and bears. Nothing imports this."""
