"""What is done about what somebody asks of a page: ask the owners, and draw the answer."""
