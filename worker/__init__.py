"""The private service: what Google's infrastructure calls, and where the work is done."""
