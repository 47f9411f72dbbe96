# The private service. Only Google's own infrastructure reaches it, and only by the accounts that
# the IAM check below lets in; the application checks the same token once more, for its path.

resource "google_cloud_run_v2_service" "worker" {
  project  = var.project_id
  name     = "${var.name}-worker"
  location = var.region
  ingress  = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  # It keeps nothing. With protection, a service whose first revision failed could not be replaced.
  deletion_protection = false
  depends_on = [
    google_project_service.apis,
    google_project_iam_member.documents,
    google_secret_manager_secret_iam_member.worker,
  ]

  custom_audiences = concat(
    [local.worker_url],
    [for path in keys(local.doors) : "${local.worker_url}${path}"],
  )

  template {
    service_account                  = google_service_account.worker.email
    timeout                          = "${local.ack_deadline_seconds}s"
    max_instance_request_concurrency = local.worker_concurrency

    # Handlers run native code that may ask for system calls which the first generation lacks.
    execution_environment = "EXECUTION_ENVIRONMENT_GEN2"

    scaling {
      min_instance_count = var.worker.min_instances
      max_instance_count = var.worker.max_instances
    }

    containers {
      image = var.images.worker

      resources {
        limits            = { cpu = var.worker.cpu, memory = "${var.worker.memory_mib}Mi" }
        cpu_idle          = true
        startup_cpu_boost = true
      }

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

      # Should it not be writable, Python goes back to /tmp, which is memory without a limit.
      env {
        name  = "TMPDIR"
        value = local.scratch
      }

      dynamic "env" {
        for_each = merge(local.worker_environment, local.telemetry_environment)
        content {
          name  = env.key
          value = env.value
        }
      }

      volume_mounts {
        name       = "scratch"
        mount_path = local.scratch
      }

      dynamic "volume_mounts" {
        for_each = local.secrets
        content {
          name       = volume_mounts.key
          mount_path = "/secrets/${volume_mounts.key}"
        }
      }
    }

    # Files are kept in memory. Without a limit of their own, one handler's files would end the
    # instance with the work of the others; with it, that handler has no space left.
    # https://cloud.google.com/run/docs/configuring/services/in-memory-volume-mounts
    volumes {
      name = "scratch"
      empty_dir {
        medium     = "MEMORY"
        size_limit = "${var.worker.files_mib}Mi"
      }
    }

    dynamic "volumes" {
      for_each = local.secrets
      content {
        name = volumes.key
        secret {
          secret = volumes.key
          items {
            path    = "value"
            version = "latest"
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
  scratch = "/scratch"

  # docs/settings.md says what each is for.
  worker_environment = {
    GOOGLE_CLOUD_PROJECT                    = var.project_id
    DORMOUSE_DATABASE                       = var.database
    DORMOUSE_TOPIC                          = google_pubsub_topic.jobs.name
    DORMOUSE_EVENTS_TOPIC                   = join("", google_pubsub_topic.events[*].name)
    DORMOUSE_WEBHOOK_CACHE_SECONDS          = "60"
    DORMOUSE_WORKER_AUDIENCE                = local.worker_url
    DORMOUSE_PUSH_ACCOUNT                   = google_service_account.callers["push"].email
    DORMOUSE_SCHEDULER_ACCOUNT              = google_service_account.callers["scheduler"].email
    DORMOUSE_EVENTARC_ACCOUNT               = google_service_account.callers["eventarc"].email
    DORMOUSE_SIGNATURE_CHECKED_BY_CLOUD_RUN = tostring(var.signature_checked_by_cloud_run)
    DORMOUSE_ALLOWED_HOSTS                  = join(",", var.allowed_hosts)
    DORMOUSE_BUCKETS                        = join(",", var.buckets)
    DORMOUSE_SECRETS                        = local.payload_secrets
    DORMOUSE_HANDLER_PROCESSES              = tostring(var.worker.processes)
    DORMOUSE_HANDLER_MEMORY_MIB             = tostring(var.worker.handler_memory_mib)
  }
}

resource "google_cloud_run_v2_service_iam_member" "callers" {
  for_each = google_service_account.callers

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.worker.name
  role     = "roles/run.invoker"
  member   = each.value.member
}
