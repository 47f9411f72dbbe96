# Eventarc: Dormouse's own trigger, on the documents by which it tells of its jobs, and those of the
# deployment, from triggers.toml. Terraform does not read TOML: `./dev triggers` writes triggers.json.
# What Eventarc sends and can't deliver it sends again, for 24 hours.

locals {
  triggers = jsondecode(file("${path.module}/triggers.json"))

  on_documents = { for name, trigger in local.triggers : name => trigger if can(trigger.document) }
  on_topics    = { for name, trigger in local.triggers : name => trigger if can(trigger.topic) }
  on_buckets   = { for name, trigger in local.triggers : name => trigger if can(trigger.bucket) }

  on_any_document = merge(
    { for name, trigger in local.on_documents : "on-${name}" => merge(trigger, { path = "/triggers/${name}" }) },
    {
      events = {
        type     = "google.cloud.firestore.document.v1.created"
        document = "events/{id}"
        path     = "/events"
      }
    },
  )
}

# Without this, and the right to invoke the worker, a trigger looks active and delivers nothing.
# https://cloud.google.com/eventarc/docs/run/route-trigger-cloud-firestore#before-you-begin
resource "google_project_iam_member" "eventarc" {
  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.callers["eventarc"].member
}

# Eventarc delivers by Pub/Sub, which makes the tokens. Projects from before April 2021 don't let it.
# https://cloud.google.com/eventarc/docs/run/route-trigger-pubsub#permissions
resource "google_service_account_iam_member" "eventarc_tokens" {
  service_account_id = google_service_account.callers["eventarc"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# The first trigger of a project would grant it too, but fails before the grant has settled.
# https://cloud.google.com/eventarc/docs/troubleshooting#trigger-error
resource "google_project_iam_member" "eventarc_agent" {
  project = var.project_id
  role    = "roles/eventarc.serviceAgent"
  member  = google_project_service_identity.agents["eventarc"].member
}

resource "google_eventarc_trigger" "documents" {
  for_each = local.on_any_document

  project = var.project_id
  name    = "${var.name}-${each.key}"
  # A database's events can be had where the database is, and nowhere else.
  # https://cloud.google.com/eventarc/docs/understand-locations
  location                = google_firestore_database.this.location_id
  service_account         = google_service_account.callers["eventarc"].email
  event_data_content_type = "application/protobuf"
  depends_on = [
    google_cloud_run_v2_service_iam_member.callers,
    google_project_iam_member.eventarc,
    google_project_iam_member.eventarc_agent,
    google_service_account_iam_member.eventarc_tokens,
  ]

  matching_criteria {
    attribute = "type"
    value     = each.value.type
  }
  matching_criteria {
    attribute = "database"
    value     = google_firestore_database.this.name
  }
  matching_criteria {
    attribute = "document"
    operator  = "match-path-pattern"
    value     = each.value.document
  }

  destination {
    cloud_run_service {
      service = google_cloud_run_v2_service.worker.name
      region  = var.region
      path    = each.value.path
    }
  }
}

resource "google_eventarc_trigger" "topics" {
  for_each = local.on_topics

  project         = var.project_id
  name            = "${var.name}-on-${each.key}"
  location        = var.region
  service_account = google_service_account.callers["eventarc"].email
  depends_on = [
    google_cloud_run_v2_service_iam_member.callers,
    google_project_iam_member.eventarc,
    google_project_iam_member.eventarc_agent,
    google_service_account_iam_member.eventarc_tokens,
  ]

  matching_criteria {
    attribute = "type"
    value     = each.value.type
  }

  # The topic is somebody else's, and is there.
  transport {
    pubsub {
      topic = "projects/${var.project_id}/topics/${each.value.topic}"
    }
  }

  destination {
    cloud_run_service {
      service = google_cloud_run_v2_service.worker.name
      region  = var.region
      path    = "/triggers/${each.key}"
    }
  }
}

data "google_storage_bucket" "watched" {
  for_each = toset([for trigger in local.on_buckets : trigger.bucket])

  name = each.key
}

resource "google_eventarc_trigger" "buckets" {
  for_each = local.on_buckets

  project = var.project_id
  name    = "${var.name}-on-${each.key}"
  # Where the bucket is: `us` for one in several regions of the United States.
  location        = lower(data.google_storage_bucket.watched[each.value.bucket].location)
  service_account = google_service_account.callers["eventarc"].email
  depends_on = [
    google_cloud_run_v2_service_iam_member.callers,
    google_project_iam_member.eventarc,
    google_project_iam_member.eventarc_agent,
    google_project_iam_member.storage_events,
    google_service_account_iam_member.eventarc_tokens,
  ]

  matching_criteria {
    attribute = "type"
    value     = each.value.type
  }
  matching_criteria {
    attribute = "bucket"
    value     = each.value.bucket
  }

  destination {
    cloud_run_service {
      service = google_cloud_run_v2_service.worker.name
      region  = var.region
      path    = "/triggers/${each.key}"
    }
  }
}

# Storage itself publishes its events.
# https://cloud.google.com/eventarc/docs/run/route-trigger-cloud-storage#permissions
data "google_storage_project_service_account" "this" {
  count = length(local.on_buckets) == 0 ? 0 : 1

  project = var.project_id
}

resource "google_project_iam_member" "storage_events" {
  count = length(local.on_buckets) == 0 ? 0 : 1

  project = var.project_id
  role    = "roles/pubsub.publisher"
  member  = data.google_storage_project_service_account.this[0].member
}
