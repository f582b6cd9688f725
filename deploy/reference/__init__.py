"""Reference pages made from the code, and what compares them with the last release."""
