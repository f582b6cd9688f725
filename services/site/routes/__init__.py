"""HTTP in, bytes from memory out; publishing is the only route that works."""
