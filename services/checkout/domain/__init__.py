"""The rules of carts, prices, stock and orders. Pure: values in, values or a refusal out."""
