"""Clock in, step or handler."""
