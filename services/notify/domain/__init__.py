"""What a mail is and says. Pure."""
