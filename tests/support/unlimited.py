"""A budget without a limit: for tests in which nobody has to wait for their turn."""

from services.chassis.stripe.budget import StripeBudget


def unlimited() -> StripeBudget:
    """Return a budget that lets everybody through and asks nobody."""
    return StripeBudget("redis://127.0.0.1:1/0", per_second=0)
