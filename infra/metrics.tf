# What is counted from the services' structured logs: jobs/telemetry/log.py, and Cloud Run's request log.

locals {
  # Cloud Monitoring takes no hyphens in the name of a metric that PromQL shall ask for.
  metric_prefix = replace(var.name, "-", "_")

  logs_of_services = join(" ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=(\"${var.name}-api\" OR \"${var.name}-worker\")",
  ])
}

resource "google_logging_metric" "events" {
  project     = var.project_id
  name        = "${local.metric_prefix}_events"
  description = "What happened, by event and job type"
  filter      = "${local.logs_of_services} jsonPayload.event:*"
  depends_on  = [google_project_service.apis]

  label_extractors = {
    event    = "EXTRACT(jsonPayload.event)"
    job_type = "EXTRACT(jsonPayload.type)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key = "event"
    }
    labels {
      key = "job_type"
    }
  }
}

resource "google_logging_metric" "attempt_seconds" {
  project         = var.project_id
  name            = "${local.metric_prefix}_attempt_seconds"
  description     = "How long attempts took, by how they ended and job type"
  filter          = "${local.logs_of_services} jsonPayload.event=(\"job.succeeded\" OR \"job.retrying\" OR \"job.failed\") jsonPayload.seconds>=0"
  value_extractor = "EXTRACT(jsonPayload.seconds)"
  depends_on      = [google_project_service.apis]

  label_extractors = {
    event    = "EXTRACT(jsonPayload.event)"
    job_type = "EXTRACT(jsonPayload.type)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
    labels {
      key = "event"
    }
    labels {
      key = "job_type"
    }
  }

  # From 10 ms to beyond the longest attempt.
  bucket_options {
    exponential_buckets {
      scale              = 0.01
      growth_factor      = 1.5
      num_finite_buckets = 28
    }
  }
}

resource "google_logging_metric" "sweep_due" {
  project         = var.project_id
  name            = "${local.metric_prefix}_sweep_due"
  description     = "How many jobs each sweep found due"
  filter          = "${local.logs_of_services} jsonPayload.event=\"sweep.done\""
  value_extractor = "EXTRACT(jsonPayload.due)"
  depends_on      = [google_project_service.apis]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"
  }

  bucket_options {
    exponential_buckets {
      scale              = 1
      growth_factor      = 2
      num_finite_buckets = 16
    }
  }
}

# Cloud Run's own latency counts the requests that wait for a job as long as they are told to.
resource "google_logging_metric" "api_seconds" {
  project         = var.project_id
  name            = "${local.metric_prefix}_api_seconds"
  description     = "How long the API took to answer, except where it was asked to wait"
  filter          = "log_id(\"run.googleapis.com/requests\") resource.labels.service_name=\"${var.name}-api\" NOT httpRequest.requestUrl:\"wait=\""
  value_extractor = "REGEXP_EXTRACT(httpRequest.latency, \"([0-9.]+)s\")"
  depends_on      = [google_project_service.apis]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "s"
  }

  bucket_options {
    exponential_buckets {
      scale              = 0.005
      growth_factor      = 1.5
      num_finite_buckets = 24
    }
  }
}

locals {
  # As PromQL names and chooses them. https://cloud.google.com/monitoring/promql/promql-mapping
  events          = "logging_googleapis_com:user_${google_logging_metric.events.name}"
  attempt_seconds = "logging_googleapis_com:user_${google_logging_metric.attempt_seconds.name}"
  sweep_due       = "logging_googleapis_com:user_${google_logging_metric.sweep_due.name}"
  api_seconds     = "logging_googleapis_com:user_${google_logging_metric.api_seconds.name}"

  of_revisions = "monitored_resource=\"cloud_run_revision\""
  of_api       = "${local.of_revisions},service_name=\"${var.name}-api\""
  of_worker    = "${local.of_revisions},service_name=\"${var.name}-worker\""

  of_subscriptions = join(",", [
    "monitored_resource=\"pubsub_subscription\"",
    "subscription_id=~\"${google_pubsub_subscription.jobs.name}|${google_pubsub_subscription.dead_letters.name}\"",
  ])
}
