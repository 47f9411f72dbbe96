"""What happened to a job that somebody listens to: kept with the change, gone once it was told."""
