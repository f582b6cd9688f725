"""What is asked of the database about texts, and about the folder and its repository."""
