# What all previews share, applied once by hand in a project of their own: where their states are,
# who builds them, the trigger for pull requests, and the daily one that clears up.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

resource "google_project_service" "apis" {
  for_each = toset([
    "cloudbuild", "cloudresourcemanager", "cloudscheduler", "iam", "iamcredentials", "storage",
  ])

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "states" {
  # checkov:skip=CKV_GCP_62:Access is in the audit log; states of throw-away systems need no log bucket beside it.
  name                        = "${var.project_id}-previews"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  depends_on                  = [google_project_service.apis]

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
    }
  }
}

resource "google_service_account" "builder" {
  account_id   = "previews"
  display_name = "Makes and removes previews"
  depends_on   = [google_project_service.apis]
}

# It makes databases, services, accounts and their rights, and runs what a pull request brings:
# therefore a project that holds nothing else, and no build for strangers without a word from you.
resource "google_project_iam_member" "builder" {
  # checkov:skip=CKV_GCP_49:As said above.
  # checkov:skip=CKV_GCP_117:As said above.
  project = var.project_id
  role    = "roles/owner"
  member  = google_service_account.builder.member
}

resource "google_service_account_iam_member" "builder_token" {
  service_account_id = google_service_account.builder.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.builder.member
}

locals {
  substitutions = {
    _ACCOUNT      = google_service_account.builder.email
    _REGION       = var.region
    _STATE_BUCKET = google_storage_bucket.states.name
  }
}

resource "google_cloudbuild_trigger" "pull_request" {
  name            = "preview"
  location        = var.region
  filename        = "cloudbuild.pr.yaml"
  service_account = google_service_account.builder.id
  substitutions   = local.substitutions

  repository_event_config {
    repository = var.repository
    pull_request {
      branch          = "^${var.branch}$"
      comment_control = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
    }
  }
}

resource "google_cloudbuild_trigger" "clean" {
  name            = "preview-clean"
  location        = var.region
  service_account = google_service_account.builder.id
  substitutions   = merge(local.substitutions, { _GOAL = "clean" })

  source_to_build {
    repository = var.repository
    ref        = "refs/heads/${var.branch}"
    repo_type  = "GITHUB"
  }

  git_file_source {
    repository = var.repository
    path       = "cloudbuild.pr.yaml"
    revision   = "refs/heads/${var.branch}"
    repo_type  = "GITHUB"
  }
}

resource "google_cloud_scheduler_job" "clean" {
  name        = "preview-clean"
  description = "Removes the previews that nobody pushes to any more"
  schedule    = "0 4 * * *"
  time_zone   = "Etc/UTC"
  depends_on  = [google_project_service.apis]

  http_target {
    http_method = "POST"
    uri         = "https://cloudbuild.googleapis.com/v1/${google_cloudbuild_trigger.clean.id}:run"
    headers     = { Content-Type = "application/json" }
    body        = base64encode("{}")
    oauth_token {
      service_account_email = google_service_account.builder.email
    }
  }
}
