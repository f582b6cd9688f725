"""The dashboard: who may do what there, and what its screens show."""
