output "api_url" {
  description = "Where the API is, and the audience that a caller's token is made for."
  value       = local.api_url
}

output "worker_url" {
  description = "Where the worker is. Nobody but Google's infrastructure gets an answer there."
  value       = local.worker_url
}

output "registry" {
  description = "Where the images are: REGISTRY/api and REGISTRY/worker."
  value = format(
    "%s-docker.pkg.dev/%s/%s",
    google_artifact_registry_repository.images.location,
    google_artifact_registry_repository.images.project,
    google_artifact_registry_repository.images.repository_id,
  )
}

output "build_account" {
  description = "Who builds and deploys."
  value       = google_service_account.build.email
}

output "sources_bucket" {
  description = "Where `gcloud builds submit` may put what it uploads."
  value       = google_storage_bucket.sources.url
}

output "domain_address" {
  description = "What the DNS record of the domain must point to."
  value       = one(google_compute_global_address.api[*].address)
}

output "gateway_url" {
  description = "Where the API Gateway is. Tokens are made for the API's URL all the same."
  value       = one([for gateway in google_api_gateway_gateway.api : "https://${gateway.default_hostname}"])
}
