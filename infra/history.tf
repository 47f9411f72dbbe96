# Each job's events as rows, with no code: a sink takes them from the log. docs/deploy.md has a query.

resource "google_bigquery_dataset" "history" {
  # checkov:skip=CKV_GCP_81:Google's own encryption at rest will do; a key of one's own costs and can be lost.
  count = var.history ? 1 : 0

  project     = var.project_id
  dataset_id  = "${replace(var.name, "-", "_")}_history"
  location    = var.region
  description = "The events of every job, without payloads and results"
  depends_on  = [google_project_service.apis]

  # What the log holds of a person goes after a year, as the jobs themselves do after a month.
  default_partition_expiration_ms = 365 * 24 * 3600 * 1000
  delete_contents_on_destroy      = !var.protect
}

resource "google_logging_project_sink" "history" {
  count = var.history ? 1 : 0

  project                = var.project_id
  name                   = "${var.name}-history"
  destination            = "bigquery.googleapis.com/${google_bigquery_dataset.history[0].id}"
  filter                 = "${local.logs_of_services} jsonPayload.event=~\"^job[.]\""
  unique_writer_identity = true

  bigquery_options {
    use_partitioned_tables = true
  }
}

resource "google_bigquery_dataset_iam_member" "history" {
  count = var.history ? 1 : 0

  project    = var.project_id
  dataset_id = google_bigquery_dataset.history[0].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_logging_project_sink.history[0].writer_identity
}
