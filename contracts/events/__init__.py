"""The facts that travel on the bus, one module per owner."""
