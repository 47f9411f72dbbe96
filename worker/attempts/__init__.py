"""One attempt at a job: claim, run, renew, finish."""
