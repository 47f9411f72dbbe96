"""Dormouse beside what people would pick instead: speed, cost and size, in interleaved runs."""
