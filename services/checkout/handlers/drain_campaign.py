"""After a deadline: end what is open, and name the set of orders that count."""

from contracts.events.checkout import CheckoutDrained
from contracts.ids import CampaignSlug
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.checkout.domain.orders import order_hash
from services.checkout.queries import drains, orders, shares

log = telemetry.logger(__name__)


def drained_as(slug: CampaignSlug) -> str:
    """Return what a campaign's drain is called as an aggregate."""
    return f"drain:{slug}"


async def close_if_decided(conn: Connection, slug: CampaignSlug) -> bool:
    """Announce the campaign's orders if none is undecided; tell whether they are announced.

    Who starts or completes an order holds the campaign's door; having it alone, with the
    deadline behind us, means that nobody can add to the set any more.
    """
    closing = await drains.lock_closing(conn, slug)
    if closing.is_drained:
        return True
    if closing.now < closing.deadline_at or await orders.list_undecided(conn, slug, 1):
        return False
    counted = await shares.list_counted(conn, slug)
    digest = order_hash(counted)
    await drains.mark_drained(
        conn, slug, now=closing.now, order_count=len(counted), order_hash=digest
    )
    event = CheckoutDrained(
        event_id=outbox.new_event_id(),
        occurred_at=closing.now,
        campaign=slug,
        order_count=len(counted),
        order_hash=digest,
    )
    await outbox.append(conn, event, key=slug, aggregate=drained_as(slug), version=1)
    log.info("campaign_drained", campaign=slug, orders=len(counted))
    return True
