output "api_url" {
  value = module.dormouse.api_url
}

output "registry" {
  value = module.dormouse.registry
}

output "build_account" {
  value = module.dormouse.build_account
}

output "sources_bucket" {
  value = module.dormouse.sources_bucket
}

output "domain_address" {
  value = module.dormouse.domain_address
}

output "gateway_url" {
  value = module.dormouse.gateway_url
}
