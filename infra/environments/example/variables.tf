# What infra/variables.tf describes, as far as deployments usually differ in it.

variable "project_id" {
  type = string
}

variable "region" {
  type    = string
  default = "us-central1"
}

variable "images" {
  type = object({ api = string, worker = string })
}

variable "database" {
  type    = string
  default = "(default)"
}

variable "protect" {
  type    = bool
  default = true
}

variable "roles" {
  type = list(object({
    role    = string
    members = list(string)
    types   = optional(list(string), ["*"])
  }))
}

variable "signature_checked_by_cloud_run" {
  type    = bool
  default = true
}

variable "repository" {
  type    = string
  default = null
}

variable "alert_emails" {
  type    = list(string)
  default = []
}

variable "budget" {
  type    = object({ billing_account = string, amount = number })
  default = null
}

variable "secrets" {
  type    = set(string)
  default = []
}

variable "buckets" {
  type    = set(string)
  default = []
}

variable "events_topic" {
  type    = bool
  default = false
}

variable "history" {
  type    = bool
  default = false
}

variable "console" {
  type = object({
    client_id = string
    secret    = string
  })
  default = null
}

variable "api_audiences" {
  description = "The id of the OAuth client that signs people in, and other audiences of your own."
  type        = list(string)
  default     = []
}

variable "domain" {
  type    = string
  default = null
}

variable "gateway" {
  description = "Whether openapi.json, fetched from the running API, is put behind an API Gateway."
  type        = bool
  default     = false
}
