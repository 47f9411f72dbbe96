"""The public service: who calls, what they may do, HTTP in and out."""
