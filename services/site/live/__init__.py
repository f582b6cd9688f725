"""What this process knows of every campaign, as bytes that can be sent at once."""
