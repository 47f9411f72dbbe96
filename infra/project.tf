data "google_project" "this" {
  project_id = var.project_id
}

locals {
  project_number = data.google_project.this.number

  # The form that is known before a service is made, so that nothing goes round in circles.
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  api_url    = "https://${var.name}-api-${local.project_number}.${var.region}.run.app"
  worker_url = "https://${var.name}-worker-${local.project_number}.${var.region}.run.app"

  apis = toset(concat(
    [
      "artifactregistry",
      "cloudbuild",
      "cloudscheduler",
      "eventarc",
      "firebaserules",
      "firestore",
      "iam",
      "iamcredentials",
      "logging",
      "monitoring",
      "ondemandscanning",
      "pubsub",
      "run",
    ],
    var.budget == null ? [] : ["billingbudgets"],
    length(local.secrets) + length(local.console) == 0 ? [] : ["secretmanager"],
    var.history ? ["bigquery"] : [],
    var.cloud_trace ? ["cloudtrace", "telemetry"] : [],
    var.domain == null ? [] : ["compute"],
    var.gateway_document == null ? [] : ["apigateway", "servicecontrol", "servicemanagement"],
  ))
}

# Services whose own accounts need rights here, and are made with their first use only.
# https://cloud.google.com/iam/docs/service-agents
resource "google_project_service_identity" "agents" {
  provider = google-beta
  for_each = toset(["eventarc", "pubsub"])

  project    = var.project_id
  service    = "${each.key}.googleapis.com"
  depends_on = [google_project_service.apis]
}

resource "google_project_service" "apis" {
  for_each = local.apis

  project = var.project_id
  service = "${each.key}.googleapis.com"

  # Others in the project may use them.
  disable_on_destroy = false
}
