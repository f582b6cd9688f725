"""How a declined charge can still be paid, as the supporter is told."""

from contracts.api.pledges import RecoveryShown
from services.pledges.domain.pledge import Pledge


def recovery_shown(pledge: Pledge) -> RecoveryShown | None:
    """Return how a failed payment can still be saved. Why the bank said no is not told."""
    known = pledge.recovery
    if known is None:
        return None
    return RecoveryShown(
        ends_at=known.ends_at,
        next_attempt_at=known.next_attempt_at,
        needs_authentication=known.needs_authentication,
    )
