"""What a deployment decides, read once from the environment."""
