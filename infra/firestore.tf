resource "google_firestore_database" "this" {
  project     = var.project_id
  name        = var.database
  location_id = coalesce(var.database_location, var.region)
  type        = "FIRESTORE_NATIVE"
  depends_on  = [google_project_service.apis]

  point_in_time_recovery_enablement = (
    var.protect ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  )
  delete_protection_state = (
    var.protect ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  )
  # The provider's default forgets the database where one asked for its end.
  deletion_policy = "DELETE"
}

resource "google_firestore_backup_schedule" "daily" {
  count = var.protect ? 1 : 0

  project   = var.project_id
  database  = google_firestore_database.this.name
  retention = "${7 * 24 * 3600}s"

  daily_recurrence {}
}

# Server clients bypass rules; these are for whoever finds the database with a browser's client.
resource "google_firebaserules_ruleset" "deny_all" {
  project = var.project_id

  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }

  depends_on = [google_firestore_database.this]
}

resource "google_firebaserules_release" "firestore" {
  project      = var.project_id
  ruleset_name = google_firebaserules_ruleset.deny_all.id
  name = (
    var.database == "(default)" ? "cloud.firestore" : "cloud.firestore/${var.database}"
  )
}
