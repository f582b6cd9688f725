"""The cart as a form: what was chosen, what it costs and why, and what is still wrong with it."""
