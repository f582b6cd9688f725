"""Stripe: one client beneath everybody who asks it something, and one budget for the account."""
