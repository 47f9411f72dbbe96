"""Events from inside and outside, and the jobs that they start."""
