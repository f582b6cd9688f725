"""What the dashboard does in its own tables: one use case per file."""
