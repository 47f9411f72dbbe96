"""Who the client is: where its identity tokens come from, and how they are kept fresh."""
