# The public service.

resource "google_cloud_run_v2_service" "api" {
  project  = var.project_id
  name     = "${var.name}-api"
  location = var.region
  ingress  = "INGRESS_TRAFFIC_ALL"
  # It keeps nothing. With protection, a service whose first revision failed could not be replaced.
  deletion_protection = false
  depends_on = [
    google_project_service.apis,
    google_project_iam_member.documents,
    google_secret_manager_secret_iam_member.console,
  ]

  # Callers are verified in the application, which answers each with a problem of its own.
  # https://cloud.google.com/run/docs/securing/managing-access#invoker_check
  invoker_iam_disabled = true

  template {
    service_account                  = google_service_account.api.email
    timeout                          = "${local.api_timeout_seconds}s"
    max_instance_request_concurrency = local.api_concurrency

    scaling {
      min_instance_count = var.api.min_instances
      max_instance_count = var.api.max_instances
    }

    containers {
      image = var.images.api

      resources {
        limits            = { cpu = var.api.cpu, memory = var.api.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      # Every second, as each one is a second of a caller's cold start.
      startup_probe {
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 60
        http_get {
          path = "/livez"
        }
      }

      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
        http_get {
          path = "/livez"
        }
      }

      dynamic "env" {
        for_each = merge(local.api_environment, local.telemetry_environment)
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = local.console
        content {
          name = "DORMOUSE_CONSOLE_CLIENT_SECRET"
          value_source {
            secret_key_ref {
              secret  = env.value.secret
              version = "latest"
            }
          }
        }
      }
    }
  }


  lifecycle {
    # The build deploys. It leaves the revision's name to Cloud Run, as one that is set would have to
    # be changed here with every other change; instead gcloud sets a label.
    # https://github.com/hashicorp/terraform-provider-google/issues/17218
    ignore_changes = [
      client,
      client_version,
      template[0].containers[0].image,
      template[0].labels,
      traffic,
    ]
  }
}

locals {
  # docs/settings.md says what each is for.
  api_environment = {
    GOOGLE_CLOUD_PROJECT           = var.project_id
    DORMOUSE_DATABASE              = var.database
    DORMOUSE_TOPIC                 = google_pubsub_topic.jobs.name
    DORMOUSE_EVENTS_TOPIC          = join("", google_pubsub_topic.events[*].name)
    DORMOUSE_WEBHOOK_CACHE_SECONDS = "60"
    DORMOUSE_API_AUDIENCES         = join(",", local.api_audiences)
    DORMOUSE_ROLES                 = jsonencode(local.roles)
    DORMOUSE_FIREBASE_PROJECT      = var.firebase_project
    DORMOUSE_SECRETS               = local.payload_secrets
    DORMOUSE_ALLOWED_HOSTS         = join(",", var.allowed_hosts)
    DORMOUSE_BUCKETS               = join(",", var.buckets)
    DORMOUSE_SUBMIT_RATE           = tostring(var.limits.submit_rate)
    DORMOUSE_SUBMIT_BURST          = tostring(var.limits.submit_burst)
    DORMOUSE_MAX_OPEN_JOBS         = tostring(var.limits.max_open_jobs)
    DORMOUSE_MAX_WATCHERS          = tostring(var.limits.max_watchers)
    DORMOUSE_CORS_ORIGINS          = join(",", var.cors_origins)
    DORMOUSE_CONSOLE_CLIENT_ID     = join("", local.console[*].client_id)
  }

  console = var.console == null ? [] : [var.console]

  api_audiences = concat(
    [local.api_url],
    var.domain == null ? [] : ["https://${var.domain}"],
    var.api_audiences,
  )

  # The build submits a job to see that what it deployed works.
  roles = concat(
    var.roles,
    [{ role = "submitter", members = [google_service_account.build.member], types = ["*"] }],
  )
}
