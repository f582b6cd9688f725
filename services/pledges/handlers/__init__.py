"""What the ledger does, one file per use case. Handlers are given a connection, never commit."""
