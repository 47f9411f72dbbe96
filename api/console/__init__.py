"""The console: pages at `/console` for people, made of what the API answers them."""
