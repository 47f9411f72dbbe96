# Who builds, from which pushes, and what the build may do. Rights on rights it has none: IAM is
# Terraform's, and what a build deploys keeps the accounts and the doors that are set here.

resource "google_service_account" "build" {
  project      = var.project_id
  account_id   = "${var.name}-build"
  display_name = "Dormouse: builds and deploys"
  depends_on   = [google_project_service.apis]
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

resource "google_project_iam_member" "build" {
  for_each = toset([
    "roles/logging.logWriter",
    # Looks at the errors and the latency of what it deployed.
    "roles/logging.viewer",
    "roles/ondemandscanning.admin",
  ])

  project = var.project_id
  role    = each.key
  member  = google_service_account.build.member
}

resource "google_cloud_run_v2_service_iam_member" "build" {
  for_each = {
    api    = google_cloud_run_v2_service.api.name
    worker = google_cloud_run_v2_service.worker.name
  }

  project  = var.project_id
  location = var.region
  name     = each.value
  role     = "roles/run.developer"
  member   = google_service_account.build.member
}

# A new revision runs as these.
resource "google_service_account_iam_member" "build_acts_as" {
  for_each = {
    api    = google_service_account.api.name
    worker = google_service_account.worker.name
  }

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.build.member
}

# Identity tokens for the smoke test, of itself only.
resource "google_service_account_iam_member" "build_token" {
  service_account_id = google_service_account.build.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = google_service_account.build.member
}

# Where `gcloud builds submit` puts what it uploads.
resource "google_storage_bucket" "sources" {
  # checkov:skip=CKV_GCP_62:Access is in the audit log; a week's uploads need no log bucket beside it.
  # checkov:skip=CKV_GCP_78:An upload is never written twice, and gone within a week.
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name}-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  depends_on                  = [google_project_service.apis]

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age = 7
    }
  }
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.sources.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

# Where the build keeps what each deployed image is made of.
resource "google_storage_bucket" "bills" {
  # checkov:skip=CKV_GCP_62:Access is in the audit log; lists of packages need no log bucket beside it.
  # checkov:skip=CKV_GCP_78:A bill is named by its image's digest, and the build may not replace it.
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name}-bills"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  depends_on                  = [google_project_service.apis]
}

resource "google_storage_bucket_iam_member" "bills" {
  bucket = google_storage_bucket.bills.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.build.member
}

locals {
  build_substitutions = {
    _ACCOUNT  = google_service_account.build.email
    _NAME     = var.name
    _REGION   = var.region
    _REGISTRY = "${var.region}-docker.pkg.dev/${var.project_id}/${var.name}"
    _API_URL  = local.api_url
  }
}

resource "google_cloudbuild_trigger" "deploy" {
  count = var.repository == null ? 0 : 1

  project         = var.project_id
  location        = var.region
  name            = "${var.name}-deploy"
  description     = "Tests and deploys a push"
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.build.id
  substitutions   = merge(local.build_substitutions, { _GOAL = "deploy" })

  repository_event_config {
    repository = var.repository
    push {
      branch = "^${var.deploy_branch}$"
    }
  }
}

# Whoever may push a branch decides what runs in its build, before anybody has reviewed it. So this
# account may write logs, and nothing else: it reads no images, deploys nothing, acts as nobody.
resource "google_service_account" "test" {
  project      = var.project_id
  account_id   = "${var.name}-test"
  display_name = "Dormouse: tests branches"
  depends_on   = [google_project_service.apis]
}

resource "google_project_iam_member" "test" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.test.member
}

# The definition stands here, as one in the branch could name another account.
resource "google_cloudbuild_trigger" "test" {
  count = var.repository == null ? 0 : 1

  project         = var.project_id
  location        = var.region
  name            = "${var.name}-test"
  description     = "Tests a push"
  service_account = google_service_account.test.id

  repository_event_config {
    repository = var.repository
    push {
      branch       = "^${var.deploy_branch}$"
      invert_regex = true
    }
  }

  build {
    timeout = "3600s"

    options {
      logging      = "CLOUD_LOGGING_ONLY"
      machine_type = "E2_HIGHCPU_8"
      env          = ["GOAL=test"]
    }

    # As in cloudbuild.yaml, which a test holds this to.
    step {
      id         = "test"
      name       = "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-emulators"
      entrypoint = "sh"
      args       = ["infra/build/test.sh"]
    }
    step {
      id         = "audit"
      name       = "python:3.14-slim-trixie"
      entrypoint = "sh"
      args       = ["infra/build/audit.sh"]
      wait_for   = ["-"]
    }
  }

  depends_on = [google_project_iam_member.test]
}

moved {
  from = google_cloudbuild_trigger.push["deploy"]
  to   = google_cloudbuild_trigger.deploy[0]
}

moved {
  from = google_cloudbuild_trigger.push["test"]
  to   = google_cloudbuild_trigger.test[0]
}

# The first build is needed before the services that run what it makes: it needs these.
# docs/deploy.md applies this one alone first.
resource "terraform_data" "ready_to_build" {
  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build,
    google_storage_bucket_iam_member.build,
  ]
}
