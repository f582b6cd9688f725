"""Every SQL statement of settlement, by what it is about: one function, one statement."""
