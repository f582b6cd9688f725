"""What operators ask about money after a charge: fees to fill in, disputes and their story."""

from typing import Any

import msgspec

from contracts.ids import CampaignSlug
from contracts.refusals import NotFound
from services.chassis.storage.database import Connection
from services.settlement.queries import campaigns, evidence, looks
from services.settlement.queries.evidence import DisputeShown

DISPUTES_SHOWN = 500


class Backfill(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is known of a campaign's fees, and how many charges Stripe is asked about."""

    campaign_slug: CampaignSlug
    dry_run: bool
    charges: int
    known: int
    missing: int
    asked: int
    gross_amount: int
    fee_amount: int
    net_amount: int


class DisputeBundle(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A dispute, and our side of the charge it is about."""

    dispute: DisputeShown
    charge: dict[str, Any]


async def backfill_fees(conn: Connection, slug: CampaignSlug, *, is_dry_run: bool) -> Backfill:
    """Have Stripe asked now for every fee of a campaign that is not known yet."""
    if await campaigns.find_campaign(conn, slug) is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    sums = await evidence.sum_financials(conn, slug)
    missing = sums.charges - sums.known
    if missing and not is_dry_run:
        await looks.ask_for_campaigns_fees(conn, slug)
    return Backfill(
        campaign_slug=slug,
        dry_run=is_dry_run,
        charges=sums.charges,
        known=sums.known,
        missing=missing,
        asked=0 if is_dry_run else missing,
        gross_amount=sums.gross_cents,
        fee_amount=sums.fee_cents,
        net_amount=sums.net_cents,
    )


async def list_disputes(conn: Connection) -> list[DisputeShown]:
    """Return disputes, those that wait for an answer first."""
    return await evidence.list_disputes(conn, limit=DISPUTES_SHOWN)


async def read_dispute(conn: Connection, dispute_id: str) -> DisputeBundle:
    """Return a dispute with the story of its charge; the ledger and notify have theirs."""
    dispute = await evidence.find_dispute(conn, dispute_id)
    if dispute is None:
        raise NotFound("unknown_dispute", "There is no such dispute.")
    return DisputeBundle(
        dispute=dispute, charge=await evidence.tell_charge(conn, dispute.charge_id)
    )
