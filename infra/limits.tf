# Numbers and names that the code has too. tests/infra/ holds the two sides equal.

locals {
  # Pub/Sub's longest. An attempt (jobs.job_types.MAX_TIMEOUT) with its lease's margin
  # (worker.attempts.claim.LEASE_MARGIN) ends within what the worker gives a push (worker.attempts.attempts.PUSH_LIMIT).
  ack_deadline_seconds = 600

  # Refusals by the platform ("no available instance") count as deliveries too: five, the least
  # that Pub/Sub takes, would throw healthy job messages away while the worker scales from zero.
  # https://cloud.google.com/pubsub/docs/handling-failures
  delivery_attempts = 50

  # A caller watches a job for five minutes, and waits for one for half a minute.
  api_timeout_seconds = 330

  # Below gunicorn's threads, so that a probe finds one when every request waits: a liveness probe
  # that waits in the queue would end a healthy instance.
  api_concurrency    = 72
  worker_concurrency = var.worker.processes

  # A sweep holds its request for up to 70 seconds, and Scheduler never calls a job twice at once: two
  # jobs take turns, so that each minute has its sweep.
  sweep_schedules        = { even = "*/2 * * * *", odd = "1-59/2 * * * *" }
  sweep_deadline_seconds = 180

  # Who calls the worker, on which path. Each token is made for the worker's audience and the path.
  doors = {
    "/jobs"         = "push"
    "/dead-letters" = "push"
    "/sweep"        = "scheduler"
    "/events"       = "eventarc"
  }
}
