"""What each principal may submit, and how fast."""
