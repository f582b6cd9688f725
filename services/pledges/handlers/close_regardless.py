"""An operator's last resort: close a campaign although orders are missing here."""

from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from contracts.refusals import StateRefused
from services.chassis.events import parked
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.pledges.handlers.close_campaign import finish, sums_differ
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import campaigns, checks, closing, totals

log = telemetry.logger(__name__)

OPERATOR = "whoever has the admin secret"


class ClosedRegardless(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """On how many orders a campaign was closed, and how many checkout had counted, if it had."""

    campaign_slug: CampaignSlug
    order_count: int
    drained_count: int | None
    funded: bool


async def close_regardless(conn: Connection, slug: str, *, order_count: int) -> ClosedRegardless:
    """Close on the orders that are here. It is noted for ever and cannot be taken back.

    Whoever asks names how many orders that are: nobody decides on a number that they have
    not seen. What comes afterwards is refused, its units freed, its supporter told. Sums
    that disagree are another matter: then nothing is decided here either.
    """
    known, _ = await require_campaign(conn, slug)
    held = await campaigns.lock_campaign(conn, known.campaign)
    campaign, now = held.campaigns[known.campaign], held.now
    assert now is not None, "the campaign is locked"
    if campaign.state != "closing":
        raise StateRefused("not_closing", "This campaign is not being counted.")
    before = await totals.lock_totals(conn, campaign.campaign)
    signals = await campaigns.read_signals(conn, campaign.campaign)
    await checks.allow_long_statements(conn)
    applied = await closing.hash_applied(conn, campaign.campaign)
    seen: dict[str, Any] = {"orderCount": applied.count, "drainedCount": signals.drained_count}
    if applied.count != order_count:
        raise StateRefused("count_changed", "That is not how many orders are here.", **seen)
    if await sums_differ(conn, campaign.campaign, before):
        raise StateRefused("sums_disagree", "History, pledges and totals differ.", **seen)
    details = {"campaign": campaign.campaign, **seen}
    await parked.note_action(conn, "close_regardless", OPERATOR, details)
    log.warning("closed_regardless", **details)
    return ClosedRegardless(
        campaign_slug=campaign.campaign,
        order_count=applied.count,
        drained_count=signals.drained_count,
        funded=await finish(conn, campaign, before, now),
    )
