"""What payloads may refer to, and what of them is never shown."""
