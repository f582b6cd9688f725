"""Tell checkout which proposed revisions are over: what it holds for them is free."""

from contracts.events.pledges import RevisionAbandoned
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.handlers.announce_close import BATCH
from services.pledges.queries import closing, proposals


async def abandon_stale(conn: Connection) -> int:
    """End proposals whose process died between asking and committing; return how many."""
    return await proposals.abandon_stale(conn, limit=BATCH)


async def announce_abandoned(conn: Connection) -> int:
    """Cut the events of the next abandoned proposals; return how many."""
    over = await proposals.take_abandoned(conn, limit=BATCH)
    now = await closing.read_clock(conn)
    await outbox.append_all(
        conn,
        [
            outbox.Entry(
                event=RevisionAbandoned(
                    event_id=outbox.new_event_id(),
                    occurred_at=now,
                    pledge_id=each.pledge_id,
                    order_id=each.order_id,
                    campaign=each.campaign,
                    revision=each.revision,
                    proposal=each.proposal,
                    reason=each.reason,
                ),
                key=each.campaign,
                aggregate=f"{each.pledge_id}:{each.revision}:{each.proposal}",
                version=1,
            )
            for each in over
        ],
    )
    return len(over)
