"""What is said and heard: the bus, the outbox, the inbox."""
