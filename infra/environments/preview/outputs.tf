output "api_url" {
  value = module.dormouse.api_url
}
