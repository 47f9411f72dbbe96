"""Work that is asked for again and again, by the clock."""
