"""Remember what is said about a campaign's end. The closing loop acts on it."""

from contracts.events.checkout import CheckoutDrained
from contracts.events.settlement import DeadlinePassed
from services.chassis.events.early import NotYet
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.pledges.queries import campaigns as queries

log = telemetry.logger(__name__)


async def hear_deadline(conn: Connection, event: DeadlinePassed) -> None:
    """Note that a deadline has come, if it is the one we hold this campaign to."""
    held = await queries.read_campaign(conn, event.campaign)
    campaign = held.campaigns.get(event.campaign)
    if campaign is None:
        raise NotYet(f"no definition yet of {event.campaign}")
    if event.deadline_at < campaign.deadline_at:
        log.warning("foreign_deadline_ignored", campaign=event.campaign)
        return
    await queries.note_deadline(conn, event.campaign, event.occurred_at)


async def hear_drained(conn: Connection, event: CheckoutDrained) -> None:
    """Note which set of orders must be applied before the campaign may close."""
    held = await queries.read_campaign(conn, event.campaign)
    if not held.campaigns:
        raise NotYet(f"no definition yet of {event.campaign}")
    await queries.note_drained(
        conn,
        event.campaign,
        count=event.order_count,
        digest=event.order_hash,
        said_at=event.occurred_at,
    )
