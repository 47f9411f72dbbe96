# Job messages go to the worker. What it refuses every time goes to the dead letters, which it keeps.

resource "google_pubsub_topic" "jobs" {
  # checkov:skip=CKV_GCP_83:A job message holds no more than Firestore does, under the same encryption at rest.
  project    = var.project_id
  name       = "${var.name}-jobs"
  depends_on = [google_project_service.apis]
}

resource "google_pubsub_topic" "dead_letters" {
  # checkov:skip=CKV_GCP_83:As for the job messages.
  project    = var.project_id
  name       = "${var.name}-dead-letters"
  depends_on = [google_project_service.apis]
}

resource "google_pubsub_subscription" "jobs" {
  project              = var.project_id
  name                 = "${var.name}-jobs-push"
  topic                = google_pubsub_topic.jobs.id
  ack_deadline_seconds = local.ack_deadline_seconds
  # The dead-letter policy does nothing without its grants, and a push nothing without its invoker.
  depends_on = [
    google_cloud_run_v2_service_iam_member.callers,
    google_pubsub_topic_iam_member.dead_letters_from_pubsub,
  ]

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.worker.uri}/jobs"
    oidc_token {
      service_account_email = google_service_account.callers[local.doors["/jobs"]].email
      audience              = "${local.worker_url}/jobs"
    }
  }

  # With fifty deliveries, job messages outlast about eight hours without a worker or a database.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = local.delivery_attempts
  }

  # Never: by default a subscription goes after 31 days without traffic.
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project_id
  name                       = "${var.name}-dead-letters-push"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = 60
  message_retention_duration = "${31 * 24 * 3600}s"
  depends_on                 = [google_cloud_run_v2_service_iam_member.callers]

  push_config {
    push_endpoint = "${google_cloud_run_v2_service.worker.uri}/dead-letters"
    oidc_token {
      service_account_email = google_service_account.callers[local.doors["/dead-letters"]].email
      audience              = "${local.worker_url}/dead-letters"
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "publishers" {
  for_each = {
    api    = google_service_account.api.member
    worker = google_service_account.worker.member
  }

  project = var.project_id
  topic   = google_pubsub_topic.jobs.name
  role    = "roles/pubsub.publisher"
  member  = each.value
}

# The API's health asks whether the topic is there.
resource "google_pubsub_topic_iam_member" "viewer" {
  project = var.project_id
  topic   = google_pubsub_topic.jobs.name
  role    = "roles/pubsub.viewer"
  member  = google_service_account.api.member
}

locals {
  pubsub_agent = google_project_service_identity.agents["pubsub"].member
}

# Pub/Sub itself moves dead letters: it publishes them, and acknowledges them on the subscription
# that they come from. Without either of the two they are delivered for ever.
# https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions
resource "google_pubsub_topic_iam_member" "dead_letters_from_pubsub" {
  project = var.project_id
  topic   = google_pubsub_topic.dead_letters.name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "jobs_to_dead_letters" {
  project      = var.project_id
  subscription = google_pubsub_subscription.jobs.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
