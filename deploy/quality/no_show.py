"""What is said when the platform did not come up, or not as it should."""


class NoShow(Exception):
    """The message says why."""
