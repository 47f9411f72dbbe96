variable "project_id" {
  description = "A project for previews and nothing else."
  type        = string
}

variable "region" {
  type    = string
  default = "us-central1"
}

variable "repository" {
  description = "A Cloud Build repository (2nd generation) in this project: its resource name."
  type        = string
}

variable "branch" {
  description = "Pull requests into it are previewed."
  type        = string
  default     = "main"
}
