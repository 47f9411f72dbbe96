"""/v1/jobs: one job or many."""
