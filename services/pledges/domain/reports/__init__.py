"""What a report says, row by row."""
