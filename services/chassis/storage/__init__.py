"""Postgres: transactions, migrations and rights, the leader's lock, the clock."""
