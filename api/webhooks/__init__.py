"""/v1/webhooks and their deliveries."""
