"""A process: its settings, parts and roles, its health, its logs and figures, and how it ends."""
