# A domain of your own: a global load balancer, which Google recommends over Cloud Run's own domain
# mappings. The DNS record that points to its address is yours to make.
# https://cloud.google.com/run/docs/mapping-custom-domains

locals {
  with_domain = var.domain == null ? 0 : 1
}

resource "google_compute_global_address" "api" {
  count = local.with_domain

  project    = var.project_id
  name       = "${var.name}-api"
  depends_on = [google_project_service.apis]
}

resource "google_compute_region_network_endpoint_group" "api" {
  count = local.with_domain

  project               = var.project_id
  name                  = "${var.name}-api"
  region                = var.region
  network_endpoint_type = "SERVERLESS"
  depends_on            = [google_project_service.apis]

  cloud_run {
    service = google_cloud_run_v2_service.api.name
  }
}

resource "google_compute_backend_service" "api" {
  count = local.with_domain

  project               = var.project_id
  name                  = "${var.name}-api"
  load_balancing_scheme = "EXTERNAL_MANAGED"

  backend {
    group = google_compute_region_network_endpoint_group.api[0].id
  }
}

resource "google_compute_url_map" "api" {
  count = local.with_domain

  project         = var.project_id
  name            = "${var.name}-api"
  default_service = google_compute_backend_service.api[0].id
}

resource "google_compute_managed_ssl_certificate" "api" {
  count = local.with_domain

  project    = var.project_id
  name       = "${var.name}-api"
  depends_on = [google_project_service.apis]

  managed {
    domains = [var.domain]
  }
}

resource "google_compute_ssl_policy" "api" {
  count = local.with_domain

  project         = var.project_id
  name            = "${var.name}-api"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
  depends_on      = [google_project_service.apis]
}

resource "google_compute_target_https_proxy" "api" {
  count = local.with_domain

  project          = var.project_id
  name             = "${var.name}-api"
  url_map          = google_compute_url_map.api[0].id
  ssl_certificates = [google_compute_managed_ssl_certificate.api[0].id]
  ssl_policy       = google_compute_ssl_policy.api[0].id
}

# Port 443 only: a token that was sent over plain HTTP is lost before it could be redirected.
resource "google_compute_global_forwarding_rule" "api" {
  count = local.with_domain

  project               = var.project_id
  name                  = "${var.name}-api"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.api[0].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.api[0].id
}
