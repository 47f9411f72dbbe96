"""The client's identity: sources of ID tokens, and their renewal."""
