"""Backup and restore of the whole platform: one snapshot, checked, and a way back from it."""
