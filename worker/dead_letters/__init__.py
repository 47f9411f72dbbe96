"""Messages that Pub/Sub gave up on."""
