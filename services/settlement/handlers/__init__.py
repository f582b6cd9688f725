"""What settlement does, one file per use case. Handlers get a connection and never commit."""
