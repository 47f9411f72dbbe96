"""What the service says about itself and its caller: health, job types, /v1/me."""
