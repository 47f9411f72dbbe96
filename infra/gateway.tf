# An API Gateway in front of the API, from the document that the API serves. It hands the caller's
# own token on (`disableAuth`), so that who may do what stays the API's matter. The API believes no
# header of this gateway: DORMOUSE_GATEWAY_ACCOUNT is for one that verifies callers itself.
# https://cloud.google.com/api-gateway/docs/oasv3-extensions

locals {
  with_gateway = var.gateway_document == null ? 0 : 1
  served       = jsondecode(coalesce(var.gateway_document, "{\"paths\":{}}"))

  # Paths and methods only: the gateway checks no bodies, and knows less of JSON Schema than the API.
  gateway_paths = {
    for path, operations in local.served.paths : path => {
      for method, operation in operations : method => {
        operationId = "${method}${replace(title(replace(path, "/[^a-zA-Z0-9]+/", " ")), " ", "")}"
        responses   = { default = { description = "As the API answers." } }
        parameters = [
          for parameter in regexall("{([^}]+)}", path) : {
            name     = parameter[0]
            in       = "path"
            required = true
            schema   = { type = "string" }
          }
        ]
      } if contains(["get", "post", "put", "patch", "delete"], method)
    }
  }

  gateway_document = jsonencode({
    openapi = "3.0.4"
    info    = { title = var.name, version = "1" }
    paths   = local.gateway_paths
    x-google-api-management = {
      backends = {
        api = {
          address         = local.api_url
          disableAuth     = true
          deadline        = local.api_timeout_seconds
          pathTranslation = "APPEND_PATH_TO_ADDRESS"
        }
      }
    }
    x-google-backend = "api"
  })
}

# Without one of its own a gateway acts as the default account, which may do nearly everything. This
# one has no right at all, and needs none: the gateway signs no token of its own.
resource "google_service_account" "gateway" {
  count = local.with_gateway

  project      = var.project_id
  account_id   = "${var.name}-gateway"
  display_name = "Dormouse: the API Gateway"
  depends_on   = [google_project_service.apis]
}

resource "google_api_gateway_api" "api" {
  provider = google-beta
  count    = local.with_gateway

  project    = var.project_id
  api_id     = "${var.name}-api"
  depends_on = [google_project_service.apis]
}

resource "google_api_gateway_api_config" "api" {
  provider = google-beta
  count    = local.with_gateway

  project              = var.project_id
  api                  = google_api_gateway_api.api[0].api_id
  api_config_id_prefix = "${var.name}-"

  openapi_documents {
    document {
      path     = "openapi.json"
      contents = base64encode(local.gateway_document)
    }
  }

  gateway_config {
    backend_config {
      google_service_account = google_service_account.gateway[0].email
    }
  }

  # A gateway can't be without one, even for a moment.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_api_gateway_gateway" "api" {
  provider = google-beta
  count    = local.with_gateway

  project    = var.project_id
  region     = var.region
  gateway_id = "${var.name}-api"
  api_config = google_api_gateway_api_config.api[0].id
}
