# Each has a section of its name in docs/runbook.md; tests/infra holds the two to each other.

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  project      = var.project_id
  display_name = "Dormouse: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.apis]
}

locals {
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  # An attempt may hold its job message for as long as the ack deadline.
  oldest_job_seconds = local.ack_deadline_seconds + 300

  alerts = {
    failure-rate = {
      title    = "More than a tenth of the jobs fail"
      severity = "WARNING"
      duration = "0s"
      query    = <<-PROMQL
        sum(increase(${local.events}{${local.of_worker},event="job.failed",job_type!="webhook.deliver"}[15m]))
        / sum(increase(${local.events}{${local.of_worker},event=~"job.failed|job.succeeded",job_type!="webhook.deliver"}[15m]))
        > 0.1
        and sum(increase(${local.events}{${local.of_worker},event="job.failed",job_type!="webhook.deliver"}[15m])) >= 5
      PROMQL
    }
    oldest-job = {
      title    = "A job message or a dead letter waits for longer than any attempt takes"
      severity = "ERROR"
      duration = "300s"
      query    = <<-PROMQL
        max by (subscription_id) (
          pubsub_googleapis_com:subscription_oldest_unacked_message_age{${local.of_subscriptions}}
        ) > ${local.oldest_job_seconds}
      PROMQL
    }
    server-errors = {
      title    = "The API answers more than one request in twenty with a server error"
      severity = "ERROR"
      duration = "60s"
      query    = <<-PROMQL
        sum(rate(run_googleapis_com:request_count{${local.of_api},response_code_class="5xx"}[5m]))
        / sum(rate(run_googleapis_com:request_count{${local.of_api}}[5m]))
        > 0.05
        and sum(increase(run_googleapis_com:request_count{${local.of_api},response_code_class="5xx"}[5m])) >= 5
      PROMQL
    }
    latency = {
      title    = "One request in twenty takes the API longer than a second"
      severity = "WARNING"
      duration = "600s"
      query    = <<-PROMQL
        histogram_quantile(0.95, sum by (le) (increase(${local.api_seconds}_bucket{${local.of_revisions}}[10m]))) > 1
      PROMQL
    }
    sweep-missing = {
      title    = "No sweep was done for ten minutes"
      severity = "CRITICAL"
      # Longer than from its making, at the first deployment, to the first sweeps being counted.
      duration = "600s"
      query    = <<-PROMQL
        (sum(increase(${local.events}{${local.of_worker},event="sweep.done"}[10m])) or vector(0)) < 1
      PROMQL
    }
  }
}

resource "google_monitoring_alert_policy" "query" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "${var.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.notification_channels
  user_labels           = { alert = each.key }

  conditions {
    display_name = each.value.title
    condition_prometheus_query_language {
      query               = trimspace(each.value.query)
      duration            = each.value.duration
      evaluation_interval = "60s"
      # The metrics of a system that has not worked yet are not there yet.
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "docs/runbook.md, section `${each.key}`"
  }

  alert_strategy {
    auto_close = "3600s"
  }
}

# From the log rather than a metric: every single dead letter counts, and the log is there at once.
resource "google_monitoring_alert_policy" "dead_letters" {
  project               = var.project_id
  display_name          = "${var.name}: A message became a dead letter"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.notification_channels
  user_labels           = { alert = "dead-letters" }
  depends_on            = [google_project_service.apis]

  conditions {
    display_name = "A message became a dead letter"
    condition_matched_log {
      filter = "${local.logs_of_services} jsonPayload.event=\"dead_letter.kept\""
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "docs/runbook.md, section `dead-letters`"
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "3600s"
    }
  }
}
