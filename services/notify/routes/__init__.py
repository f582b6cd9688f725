"""HTTP in, handler, HTTP out."""
