resource "google_cloud_scheduler_job" "sweep" {
  for_each         = local.sweep_schedules
  project          = var.project_id
  region           = var.region
  name             = "${var.name}-sweep-${each.key}"
  description      = "Dispatches the jobs that nobody else will"
  schedule         = each.value
  time_zone        = "Etc/UTC"
  attempt_deadline = "${local.sweep_deadline_seconds}s"
  depends_on       = [google_cloud_run_v2_service_iam_member.callers]

  http_target {
    http_method = "POST"
    uri         = "${google_cloud_run_v2_service.worker.uri}/sweep"
    oidc_token {
      service_account_email = google_service_account.callers[local.doors["/sweep"]].email
      audience              = "${local.worker_url}/sweep"
    }
  }

  # A sweep that fails is tried again at once rather than in a minute.
  retry_config {
    retry_count          = 2
    min_backoff_duration = "5s"
    max_backoff_duration = "20s"
  }
}
