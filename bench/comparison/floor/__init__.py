"""The floor: the same calls by Google's own clients behind bare Flask, with nothing around them.

It checks no token, validates nothing, logs nothing, and recovers from nothing.
"""
