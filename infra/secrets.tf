# Secrets are made and filled by hand, so that no value is ever in Terraform's state.

locals {
  secrets = setunion(var.secrets, keys(var.payload_secrets))

  payload_secrets = length(var.payload_secrets) == 0 ? "" : jsonencode([
    for name, bound in var.payload_secrets : merge(bound, { name = name })
  ])
}

resource "google_secret_manager_secret_iam_member" "console" {
  count = length(local.console)

  project    = var.project_id
  secret_id  = local.console[count.index].secret
  role       = "roles/secretmanager.secretAccessor"
  member     = google_service_account.api.member
  depends_on = [google_project_service.apis]
}

resource "google_secret_manager_secret_iam_member" "worker" {
  for_each = local.secrets

  project    = var.project_id
  secret_id  = each.key
  role       = "roles/secretmanager.secretAccessor"
  member     = google_service_account.worker.member
  depends_on = [google_project_service.apis]
}
