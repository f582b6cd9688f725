"""Every SQL statement of the ledger, by what it is about. SQL appears nowhere else."""
