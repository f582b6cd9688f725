"""What checkout does, one module per use case."""
