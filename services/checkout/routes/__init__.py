"""Edge: HTTP in, answers out."""
