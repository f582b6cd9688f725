"""When a campaign waits too long for orders that checkout counted: ask for them again."""

from contracts.events.pledges import OrdersMissed
from contracts.ids import CampaignSlug
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.pledges.queries import checks, closing

log = telemetry.logger(__name__)


async def ask_for_orders(conn: Connection, slug: CampaignSlug, *, waiting_seconds: float) -> None:
    """Tell checkout that orders are missing here, and how many are not.

    Asked again later it is another event: what waits longer has the higher version.
    """
    await checks.allow_long_statements(conn)
    applied = await closing.hash_applied(conn, slug)
    event = OrdersMissed(
        event_id=outbox.new_event_id(),
        occurred_at=await closing.read_clock(conn),
        campaign=slug,
        applied_count=applied.count,
        applied_hash=applied.digest,
    )
    await outbox.append(
        conn, event, key=slug, aggregate=f"closing:{slug}", version=round(waiting_seconds)
    )
    log.warning("orders_asked_for", campaign=slug, applied=applied.count)
