"""The heart that both services share: what a job is, how it changes, where it is kept.

Knows neither Flask nor HTTP. I/O stands at two ports, `store.JobStore` and `queue.Queue`.
"""
