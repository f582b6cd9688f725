"""Faults made on purpose, one at a time, each with the test that has to notice."""
