"""Every e-mail a person gets from the platform, and proof of what became of it."""
