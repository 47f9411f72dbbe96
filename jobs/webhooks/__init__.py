"""Who is told of events: other people's URLs, what they want to hear, and how they are doing."""
