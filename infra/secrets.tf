# Secrets are made and filled by hand, so that no value is ever in Terraform's state.

resource "google_secret_manager_secret_iam_member" "worker" {
  for_each = var.secrets

  project    = var.project_id
  secret_id  = each.key
  role       = "roles/secretmanager.secretAccessor"
  member     = google_service_account.worker.member
  depends_on = [google_project_service.apis]
}
