"""Stop all payments, and let them go on. What stands still is late, never lost."""

from services.chassis.events import parked
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.queries import pauses
from services.settlement.queries.pauses import Pause

log = telemetry.logger(__name__)


async def change_pause(
    conn: Connection, *, is_paused: bool, because: str, changed_by: str
) -> Pause:
    """Set the switch and remember who did. Set as it is already, nothing changes."""
    is_new = await pauses.change(conn, is_paused=is_paused, because=because, changed_by=changed_by)
    if is_new:
        action = "payments_paused" if is_paused else "payments_resumed"
        await parked.note_action(conn, action, changed_by, {"because": because})
        log.warning("payments_paused" if is_paused else "payments_resumed", because=because)
        if not is_paused:
            await pauses.take_new_cards(conn)
            await pauses.requeue(conn)
    return await pauses.read(conn)


async def read_pause(conn: Connection) -> Pause:
    """Return how the switch stands."""
    return await pauses.read(conn)
