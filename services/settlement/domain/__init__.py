"""The rules of charging. Pure: values in, values or a refusal out."""
