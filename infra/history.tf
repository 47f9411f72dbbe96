# The end of each job, on a topic of its own, and from there as rows in BigQuery, with no code.
# docs/event.schema.json says what a message is; docs/deploy.md has a query.

locals {
  publishes = var.events_topic || var.history
}

resource "google_pubsub_topic" "events" {
  # checkov:skip=CKV_GCP_83:A message holds no more than Firestore does, under the same encryption at rest.
  count = local.publishes ? 1 : 0

  project    = var.project_id
  name       = "${var.name}-events"
  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic_iam_member" "events" {
  count = local.publishes ? 1 : 0

  project = var.project_id
  topic   = google_pubsub_topic.events[0].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.worker.member
}

resource "google_bigquery_dataset" "history" {
  # checkov:skip=CKV_GCP_81:Google's own encryption at rest will do; a key of one's own costs and can be lost.
  count = var.history ? 1 : 0

  project     = var.project_id
  dataset_id  = "${replace(var.name, "-", "_")}_history"
  location    = var.region
  description = "The end of every job, without payloads"
  depends_on  = [google_project_service.apis]

  # What the rows hold of a person goes after a year, as the jobs themselves do after a month.
  default_partition_expiration_ms = 365 * 24 * 3600 * 1000
  delete_contents_on_destroy      = !var.protect
}

# The message stands in `data` as JSON, so that members that a later release adds come along by
# themselves. The other columns are those that Pub/Sub fills in.
# https://cloud.google.com/pubsub/docs/bigquery#write_metadata
resource "google_bigquery_table" "events" {
  # checkov:skip=CKV_GCP_80:As for the dataset.
  # checkov:skip=CKV_GCP_121:`var.protect` says it.
  count = var.history ? 1 : 0

  project             = var.project_id
  dataset_id          = google_bigquery_dataset.history[0].dataset_id
  table_id            = "events"
  description         = "Each message at least once: count DISTINCT ids"
  deletion_protection = var.protect

  time_partitioning {
    type  = "DAY"
    field = "publish_time"
  }

  schema = jsonencode([
    { name = "subscription_name", type = "STRING" },
    { name = "message_id", type = "STRING" },
    { name = "publish_time", type = "TIMESTAMP" },
    { name = "attributes", type = "JSON" },
    { name = "data", type = "JSON" },
  ])
}

resource "google_pubsub_subscription" "history" {
  count = var.history ? 1 : 0

  project    = var.project_id
  name       = "${var.name}-events-history"
  topic      = google_pubsub_topic.events[0].id
  depends_on = [google_bigquery_dataset_iam_member.history]

  bigquery_config {
    table          = "${var.project_id}.${google_bigquery_dataset.history[0].dataset_id}.${google_bigquery_table.events[0].table_id}"
    write_metadata = true
  }

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself writes the rows.
# https://cloud.google.com/pubsub/docs/create-bigquery-subscription#assign_bigquery_service_account
resource "google_bigquery_dataset_iam_member" "history" {
  count = var.history ? 1 : 0

  project    = var.project_id
  dataset_id = google_bigquery_dataset.history[0].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = local.pubsub_agent
}
