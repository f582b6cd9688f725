"""Stripe, as far as settlement needs it: what it is asked, and what its answers mean."""
