variable "project_id" {
  type = string
}

variable "region" {
  type = string
}

variable "number" {
  description = "The pull request's."
  type        = number
}

variable "images" {
  type = object({ api = string, worker = string })
}

variable "builder" {
  description = "The build's account: it tries the preview."
  type        = string
}
