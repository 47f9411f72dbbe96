# Buckets that jobs may read files from. They are somebody else's, and are there.

resource "google_storage_bucket_iam_member" "worker" {
  for_each = var.buckets

  bucket = each.key
  role   = "roles/storage.objectViewer"
  member = google_service_account.worker.member
}
