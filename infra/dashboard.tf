locals {
  charts = [
    {
      title = "Jobs by what happened to them, a second"
      query = "sum by (event) (rate(${local.events}{${local.of_revisions},event=~\"job[.].+\"}[5m]))"
    },
    {
      title = "Jobs that failed, by job type"
      query = "sum by (job_type) (increase(${local.events}{${local.of_worker},event=\"job.failed\"}[5m]))"
    },
    {
      title = "Seconds of an attempt, 95th percentile by job type"
      query = "histogram_quantile(0.95, sum by (le, job_type) (increase(${local.attempt_seconds}_bucket{${local.of_worker}}[5m])))"
    },
    {
      title = "Age of the oldest job message and dead letter, seconds"
      query = "max by (subscription_id) (pubsub_googleapis_com:subscription_oldest_unacked_message_age{${local.of_subscriptions}})"
    },
    {
      title = "Jobs due at a sweep, 95th percentile"
      query = "histogram_quantile(0.95, sum by (le) (increase(${local.sweep_due}_bucket{${local.of_worker}}[5m])))"
    },
    {
      title = "Sweeps and dead letters"
      query = "sum by (event) (increase(${local.events}{${local.of_worker},event=~\"sweep.done|dead_letter.kept\"}[5m]))"
    },
    {
      title = "Requests to the API by answer, a second"
      query = "sum by (response_code_class) (rate(run_googleapis_com:request_count{${local.of_api}}[5m]))"
    },
    {
      title = "Seconds of the API's answers, 95th percentile, without those that wait"
      query = "histogram_quantile(0.95, sum by (le) (increase(${local.api_seconds}_bucket{${local.of_revisions}}[5m])))"
    },
    {
      title = "Pushes to the worker by answer, a second"
      query = "sum by (response_code_class) (rate(run_googleapis_com:request_count{${local.of_worker}}[5m]))"
    },
    {
      title = "Instances"
      query = "sum by (service_name) (run_googleapis_com:container_instance_count{${local.of_revisions},service_name=~\"${var.name}-(api|worker)\"})"
    },
    {
      title = "Memory of an instance, share of its limit, 99th percentile"
      query = "histogram_quantile(0.99, sum by (le, service_name) (increase(run_googleapis_com:container_memory_utilizations_bucket{${local.of_revisions},service_name=~\"${var.name}-(api|worker)\"}[5m])))"
    },
    {
      title = "Documents written, a second"
      query = "sum(rate(firestore_googleapis_com:document_write_ops_count{monitored_resource=\"firestore.googleapis.com/Database\"}[5m]))"
    },
  ]
}

resource "google_monitoring_dashboard" "this" {
  project    = var.project_id
  depends_on = [google_project_service.apis]

  dashboard_json = jsonencode({
    displayName = var.name
    mosaicLayout = {
      columns = 12
      tiles = [
        for place, chart in local.charts : {
          xPos   = place % 2 * 6
          yPos   = floor(place / 2) * 4
          width  = 6
          height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{ timeSeriesQuery = { prometheusQuery = chart.query } }]
            }
          }
        }
      ]
    }
  })
}
