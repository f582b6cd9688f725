"""The rules of the ledger. Pure: values in, values or a refusal out."""
