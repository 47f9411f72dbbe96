"""Waiting for a job and watching it."""
