"""What is done to a deployment from a terminal: it is made, looked at, and taken away."""
