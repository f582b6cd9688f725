"""What site does by itself, by the clock."""
