"""What strangers could send, made up by the thousand: for the API as it runs, and for decoders."""
