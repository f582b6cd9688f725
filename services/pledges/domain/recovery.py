"""How a declined charge can still be paid, as the supporter is told."""

from datetime import datetime

import msgspec

from services.pledges.domain.pledge import Pledge


class RecoveryShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Until when a declined charge can be paid, when we try again, whether the bank waits."""

    ends_at: datetime
    next_attempt_at: datetime | None
    needs_authentication: bool


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
