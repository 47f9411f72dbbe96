"""What Dormouse's processes hold over many jobs: it must not grow."""
