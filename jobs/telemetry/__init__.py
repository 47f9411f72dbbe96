"""Structured logs, and spans for OpenTelemetry where a deployment asks for them."""
