# What callers are promised: of each four weeks' requests, 99.9 % are not answered with a server error.

resource "google_monitoring_custom_service" "api" {
  project      = var.project_id
  service_id   = "${var.name}-api"
  display_name = "${var.name}: API"
  depends_on   = [google_project_service.apis]
}

locals {
  api_requests = join(" ", [
    "metric.type=\"run.googleapis.com/request_count\"",
    "resource.type=\"cloud_run_revision\"",
    "resource.label.\"service_name\"=\"${google_cloud_run_v2_service.api.name}\"",
  ])
}

resource "google_monitoring_slo" "availability" {
  project             = var.project_id
  service             = google_monitoring_custom_service.api.service_id
  slo_id              = "availability"
  display_name        = "99.9 % of the requests are answered"
  goal                = 0.999
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      total_service_filter = local.api_requests
      bad_service_filter   = "${local.api_requests} metric.label.\"response_code_class\"=\"5xx\""
    }
  }
}

# Fourteen times as fast as it may: a month's errors would be used up in two days.
# https://sre.google/workbook/alerting-on-slos/
resource "google_monitoring_alert_policy" "availability" {
  project               = var.project_id
  display_name          = "${var.name}: The API uses up its errors too fast"
  combiner              = "AND"
  severity              = "CRITICAL"
  notification_channels = local.notification_channels
  user_labels           = { alert = "availability" }

  dynamic "conditions" {
    for_each = toset(["3600s", "300s"])
    content {
      display_name = "Over ${conditions.key}"
      condition_threshold {
        filter          = "select_slo_burn_rate(\"${google_monitoring_slo.availability.id}\", \"${conditions.key}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = 14
        duration        = "0s"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "docs/runbook.md, section `availability`"
  }
}
