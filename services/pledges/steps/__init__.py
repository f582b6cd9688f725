"""What asks checkout, or takes more than one transaction: intend, ask, record."""
