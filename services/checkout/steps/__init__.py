"""What asks somebody: intend in a transaction, call outside of any, record in another."""
