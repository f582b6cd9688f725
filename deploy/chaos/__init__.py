"""How hard it is to break: the checker of what must always be true, and the faults."""
