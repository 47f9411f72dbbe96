# One pull request's own system, in a project that holds nothing but previews. cloudbuild.pr.yaml
# makes it, brings it up to date with each push, and removes it when pushes have stopped.

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

  # The build names the bucket and the prefix.
  backend "gcs" {}
}

provider "google" {
  project = var.project_id
  region  = var.region
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

  project_id = var.project_id
  region     = var.region
  name       = "pr-${var.number}"
  database   = "pr-${var.number}"
  images     = var.images
  protect    = false
  roles      = [{ role = "operator", members = ["serviceAccount:${var.builder}"] }]
  api        = { max_instances = 2 }
  worker     = { max_instances = 2 }
}
