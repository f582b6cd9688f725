"""What asks Stripe: intend in a transaction, call outside of any, record in another."""
