"""The real services, with a job type that does what the peers do."""
