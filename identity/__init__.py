"""Who calls: verifies Google-signed identity tokens. Both services use it."""
