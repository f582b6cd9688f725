"""Stripe's HTTP API, version 2026-10-28.endive, as far as the platform uses it."""
