variable "project_id" {
  description = "The project that everything is made in. It exists and has billing."
  type        = string
}

variable "region" {
  description = "Where the services, the images and the clock are."
  type        = string
  default     = "us-central1"
}

variable "name" {
  description = "What the name of every resource begins with."
  type        = string
  default     = "dormouse"

  validation {
    # The longest name made of it is a service account's, which has at most 30 characters.
    condition     = can(regex("^[a-z][a-z0-9-]{2,18}[a-z0-9]$", var.name))
    error_message = "Use 4 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "images" {
  description = "The first images of the two services, by digest. Later ones are the build's matter."
  type        = object({ api = string, worker = string })

  validation {
    condition     = alltrue([for image in values(var.images) : strcontains(image, "@sha256:")])
    error_message = "Name both images by digest: REGISTRY/api@sha256:..."
  }
}

variable "roles" {
  description = "Who may do what: the setting DORMOUSE_ROLES. No binding means nobody."
  type = list(object({
    role    = string
    members = list(string)
    types   = optional(list(string), ["*"])
  }))
  default = []
}

variable "console" {
  description = "The OAuth web client by which people sign in to the console, and the secret of Secret Manager that holds the client's secret. Null leaves the console switched off."
  type = object({
    client_id = string
    secret    = string
  })
  default = null
}

variable "api_audiences" {
  description = "What callers' tokens may be made for besides the API's own URLs: the id of the OAuth client that signs people in, for example."
  type        = list(string)
  default     = []
}

variable "firebase_project" {
  description = "A project whose end users of Firebase or Identity Platform may call the API too."
  type        = string
  default     = ""
}

variable "cors_origins" {
  description = "Origins whose web pages may call the API: https://app.example.com."
  type        = list(string)
  default     = []
}

variable "signature_checked_by_cloud_run" {
  description = "Whether the worker takes tokens whose signature Cloud Run removed, as it does where its invoker check is on: docs/settings.md."
  type        = bool
  default     = true
}

variable "allowed_hosts" {
  description = "host:port pairs that handlers may call although they are not public."
  type        = list(string)
  default     = []
}

variable "api" {
  description = "The size of the API. No minimum means no cost while nobody calls, and cold starts."
  type = object({
    min_instances = optional(number, 0)
    max_instances = optional(number, 5)
    cpu           = optional(string, "1")
    memory        = optional(string, "512Mi")
  })
  default = {}
}

variable "worker" {
  description = "The size of the worker. An instance runs as many handlers at once as it has processes."
  type = object({
    min_instances      = optional(number, 0)
    max_instances      = optional(number, 5)
    cpu                = optional(string, "2")
    memory_mib         = optional(number, 4096)
    processes          = optional(number, 6)
    handler_memory_mib = optional(number, 512)
    files_mib          = optional(number, 768)
  })
  default = {}

  validation {
    condition = (
      var.worker.processes * var.worker.handler_memory_mib + var.worker.files_mib + 256 <= var.worker.memory_mib
    )
    # Cloud Run keeps files in memory too.
    error_message = "The handlers' memory, files_mib for their files, and 256 MiB for the worker itself must fit into memory_mib."
  }
}

variable "limits" {
  description = "What each principal may submit: jobs a second and at once, at each instance, and jobs not ended; 0 is no limit. And how many may watch jobs or wait for them at each instance, half of them at most for one principal."
  type = object({
    submit_rate   = optional(number, 100)
    submit_burst  = optional(number, 1000)
    max_open_jobs = optional(number, 0)
    max_watchers  = optional(number, 32)
  })
  default = {}
}

variable "database" {
  description = "The Firestore database. Google's free tier covers one database of a project."
  type        = string
  default     = "(default)"
}

variable "database_location" {
  description = "Where the documents are, for ever: a region, or nam5 or eur3. Default: the region."
  type        = string
  default     = null
}

variable "protect" {
  description = "Whether the database and the services refuse to be destroyed, and backups are made."
  type        = bool
  default     = true
}

variable "repository" {
  description = "A Cloud Build repository (2nd generation) whose pushes are built: its resource name."
  type        = string
  default     = null
}

variable "deploy_branch" {
  description = "The branch whose pushes are deployed. Those of other branches are tested."
  type        = string
  default     = "main"
}

variable "alert_emails" {
  description = "Who hears of alerts."
  type        = list(string)
  default     = []
}

variable "budget" {
  description = "A month's budget for the project, in the billing account's currency."
  type        = object({ billing_account = string, amount = number })
  default     = null
}

variable "secrets" {
  description = "Secrets that exist in Secret Manager and that handlers may read: /secrets/NAME/value."
  type        = set(string)
  default     = []
}

variable "payload_secrets" {
  description = "As `secrets`, by name, and payloads may refer to them: in jobs of these types, sent to these hosts, by these members. docs/security.md says who gets at them."
  type = map(object({
    types   = optional(list(string), [])
    hosts   = optional(list(string), [])
    members = optional(list(string), [])
  }))
  default = {}
}

variable "events_topic" {
  description = "Whether the end of every job is published to a topic, for subscriptions of your own."
  type        = bool
  default     = false
}

variable "history" {
  description = "The same, and kept as rows in BigQuery."
  type        = bool
  default     = false
}

variable "cloud_trace" {
  description = "Whether the services send their spans to Cloud Trace."
  type        = bool
  default     = false
}

variable "telemetry" {
  description = "OpenTelemetry's own variables for both services, such as another collector: docs/telemetry.md."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.telemetry) : startswith(name, "OTEL_")])
    error_message = "Name OpenTelemetry's variables only: OTEL_..."
  }
}

variable "domain" {
  description = "A domain of your own for the API, behind a load balancer: about $18 a month."
  type        = string
  default     = null
}

variable "gateway_document" {
  description = "The API's own OpenAPI document as JSON, to have an API Gateway in front of it."
  type        = string
  default     = null
}

variable "buckets" {
  description = "Cloud Storage buckets that jobs may read files from, as gs://BUCKET/OBJECT."
  type        = set(string)
  default     = []
}
