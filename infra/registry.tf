resource "google_artifact_registry_repository" "images" {
  # checkov:skip=CKV_GCP_84:Google's own encryption at rest will do; a key of one's own costs and can be lost.
  project       = var.project_id
  location      = var.region
  repository_id = var.name
  description   = "The images of the API and the worker, and the cache of their builds"
  format        = "DOCKER"
  depends_on    = [google_project_service.apis]

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "${30 * 24 * 3600}s"
    }
  }

  # A rule that keeps wins over one that deletes: there is always something to go back to.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
}
