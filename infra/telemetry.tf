# Where both services send their spans. docs/telemetry.md

locals {
  # https://cloud.google.com/trace/docs/migrate-to-otlp-endpoints
  cloud_trace_environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT                               = "https://telemetry.googleapis.com"
    OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER = "gcp_http_credentials"
  }

  telemetry_environment = merge(
    var.cloud_trace ? local.cloud_trace_environment : {},
    var.telemetry,
  )
}

resource "google_project_iam_member" "spans" {
  for_each = var.cloud_trace ? {
    api    = google_service_account.api.member
    worker = google_service_account.worker.member
  } : {}

  project = var.project_id
  role    = "roles/telemetry.tracesWriter"
  member  = each.value
}
