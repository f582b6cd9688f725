"""The running gear every service stands on. It knows nothing of what the services do."""
