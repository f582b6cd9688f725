"""Edge: the clock in."""
