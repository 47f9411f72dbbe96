"""Every port in memory, for tests and the embedded mode. Nothing outlives the process."""
