"""What the first screen points at: campaigns that start, end or wait for money soon. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.live import LiveSnapshot

SOON = timedelta(days=7)
LAST = timedelta(days=2)

Why = Literal["starts", "ends", "counting", "recovering"]


class Notable(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign, and why somebody should look at it now."""

    snapshot: LiveSnapshot
    why: Why


def notable(snapshots: Iterable[LiveSnapshot]) -> tuple[Notable, ...]:
    """Return what is worth a look, what is over first."""
    found = [
        Notable(snapshot=each, why=why)
        for each in snapshots
        if (why := _why(each, each.server_time)) is not None
    ]
    order: tuple[Why, ...] = ("counting", "recovering", "ends", "starts")
    return tuple(sorted(found, key=lambda each: order.index(each.why)))


def _why(snapshot: LiveSnapshot, now: datetime) -> Why | None:
    campaign = snapshot.campaign
    if campaign.effective_state == "closing":
        return "counting"
    if campaign.effective_state == "post" and snapshot.stats.recovering_amount > 0:
        return "recovering"
    if campaign.effective_state == "live" and campaign.deadline - now <= LAST:
        return "ends"
    if campaign.effective_state == "upcoming" and campaign.starts_at - now <= SOON:
        return "starts"
    return None
