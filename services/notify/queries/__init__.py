"""Every SQL statement of notify, by table."""
