"""Cut the events of a close from its rows, in batches: each batch one transaction."""

from collections import defaultdict
from datetime import datetime
from typing import Literal

from contracts.events.pledges import ChargeRequested, PledgesReleased
from contracts.ids import CampaignSlug, SupporterId
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.domain import pledging
from services.pledges.domain.pledge import SETTLEMENT, ChargeRequest
from services.pledges.queries import campaigns, closing, forgetting, ledger

BATCH = 100


async def announce_charge_requests(conn: Connection) -> int:
    """Ask settlement for the next charges; return how many, 0 when all are asked for."""
    now = await closing.read_clock(conn)
    requests = await closing.take_charge_requests(conn, limit=BATCH, now=now)
    for request in requests:
        await _tell_request(conn, request, now)
    return len(requests)


async def announce_releases(conn: Connection) -> int:
    """Tell the next supporters that they are not charged; return how many."""
    now = await closing.read_clock(conn)
    by_campaign: dict[CampaignSlug, list[SupporterId]] = defaultdict(list)
    for release in await closing.take_releases(conn, limit=BATCH, now=now):
        by_campaign[release.campaign].append(release.supporter_id)
    for campaign, supporters in sorted(by_campaign.items()):
        await _tell_releases(conn, campaign, supporters, now)
    return sum(len(supporters) for supporters in by_campaign.values())


async def announce_releases_of(conn: Connection, supporter: SupporterId, *, now: datetime) -> None:
    """Tell somebody at once what the next round would: then nobody knows their address."""
    for campaign in await forgetting.take_untold(conn, supporter, now=now):
        await _tell_releases(conn, campaign, [supporter], now)


async def _tell_request(conn: Connection, request: ChargeRequest, now: datetime) -> None:
    event = ChargeRequested(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=request.campaign,
        supporter_id=request.supporter_id,
        purpose=request.purpose,
        pledge_ids=request.pledge_ids,
        amount_cents=request.amount_cents,
        card=request.card,
        currency=request.currency,
        card_saved_at=request.card_saved_at,
    )
    await outbox.append(
        conn,
        event,
        key=request.campaign,
        aggregate=_aggregate(request),
        version=1,
    )


def _aggregate(request: ChargeRequest) -> str:
    """Return what a request is called: one for the close, one for each order after it."""
    name = f"{request.campaign}:{request.supporter_id}"
    return name if request.purpose == SETTLEMENT else f"{name}:{request.purpose}"


async def _tell_releases(
    conn: Connection, campaign: CampaignSlug, supporters: list[SupporterId], now: datetime
) -> None:
    pledges = await ledger.list_pledges_of(conn, campaign, supporters)
    is_cancelled = await campaigns.is_cancelled(conn, campaign)
    reason: Literal["not_funded", "cancelled"] = "cancelled" if is_cancelled else "not_funded"
    for supporter in supporters:
        released = [
            each for each in pledges if each.supporter_id == supporter and each.status == "released"
        ]
        event = PledgesReleased(
            event_id=outbox.new_event_id(),
            occurred_at=now,
            campaign=campaign,
            notice=pledging.notice(released),
            reason=reason,
        )
        await outbox.append(
            conn, event, key=campaign, aggregate=f"{campaign}:{supporter}", version=1
        )
