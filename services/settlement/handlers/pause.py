"""Stop all payments, and let them go on. What stands still is late, never lost."""

from contracts.refusals import StateRefused
from services.chassis.events import parked
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.queries import pauses, reconciliations
from services.settlement.queries.pauses import Pause

log = telemetry.logger(__name__)


async def resume(conn: Connection, *, changed_by: str, knows_breaks: bool) -> Pause:
    """Let payments go on; after a restore everything else as well, and only when compared.

    Raises `StateRefused` while a restored platform was not compared with Stripe since, or
    differs from it in ways that nobody acknowledged. Source: reliability B-4.
    """
    if await pauses.is_recovering(conn):
        compared = await reconciliations.compared_since_restore(conn)
        if compared is None:
            raise StateRefused(
                "not_reconciled",
                "This platform was restored. Compare it with Stripe first: ./pool reconcile.",
            )
        if compared and not knows_breaks:
            raise StateRefused(
                "breaks_open",
                "We and Stripe differ. Read the report, then resume with --acknowledge.",
                breaks=compared,
            )
        await pauses.end_recovery(conn, changed_by)
        await parked.note_action(conn, "recovery_ended", changed_by, {"breaks": compared})
        log.warning("recovery_ended", breaks=compared)
    return await change_pause(conn, is_paused=False, because="", changed_by=changed_by)


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
