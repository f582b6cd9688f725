"""What asks a mail service between two transactions."""
