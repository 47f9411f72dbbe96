# One service account for each part, each with the least that works. What an account may do stands
# beside the resource that it may do it to; here is what is granted on the project.

resource "google_service_account" "api" {
  project      = var.project_id
  account_id   = "${var.name}-api"
  display_name = "Dormouse: the API"
  depends_on   = [google_project_service.apis]
}

resource "google_service_account" "worker" {
  project      = var.project_id
  account_id   = "${var.name}-worker"
  display_name = "Dormouse: the worker"
  depends_on   = [google_project_service.apis]
}

# Who calls the worker: named as `local.doors` names them.
resource "google_service_account" "callers" {
  for_each = toset(values(local.doors))

  project      = var.project_id
  account_id   = "${var.name}-${each.key}"
  display_name = "Dormouse: calls the worker (${each.key})"
  depends_on   = [google_project_service.apis]
}

# Firestore has no policy of its own to grant this in: a condition keeps it to the one database.
# https://cloud.google.com/firestore/docs/security/iam#conditions
resource "google_project_iam_member" "documents" {
  for_each = {
    api    = google_service_account.api.member
    worker = google_service_account.worker.member
  }

  project = var.project_id
  role    = "roles/datastore.user"
  member  = each.value

  condition {
    title      = "Dormouse's database only"
    expression = "resource.name == \"projects/${var.project_id}/databases/${var.database}\""
  }
}
