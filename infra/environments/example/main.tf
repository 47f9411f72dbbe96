# A deployment. Copy this folder, fill in terraform.tfvars, and follow docs/deploy.md.

terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.45"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 7.45"
    }
  }

  # The bucket is named at `terraform init -backend-config=bucket=...`.
  backend "gcs" {
    prefix = "dormouse"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # A budget is asked for at the expense of a project, which a person's own credentials don't name.
  billing_project       = var.project_id
  user_project_override = true
}

provider "google-beta" {
  project = var.project_id
  region  = var.region

  # As above.
  billing_project       = var.project_id
  user_project_override = true
}

module "dormouse" {
  source = "../.."

  project_id       = var.project_id
  region           = var.region
  images           = var.images
  database         = var.database
  protect          = var.protect
  roles            = var.roles
  api_audiences    = var.api_audiences
  console          = var.console
  repository       = var.repository
  alert_emails     = var.alert_emails
  budget           = var.budget
  secrets          = var.secrets
  buckets          = var.buckets
  events_topic     = var.events_topic
  history          = var.history
  domain           = var.domain
  gateway_document = var.gateway ? file("${path.module}/openapi.json") : null

  signature_checked_by_cloud_run = var.signature_checked_by_cloud_run
}
