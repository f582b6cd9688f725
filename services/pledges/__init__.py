"""The ledger: pledges, their history, totals, closings, and who may see and cancel them."""
