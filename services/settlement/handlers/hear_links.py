"""A supporter's lost links were sent again: the older ones open nothing here, either."""

from contracts.events.pledges import LinksRenewed
from services.chassis.storage.database import Connection
from services.settlement.queries import link_generations


async def hear_links(conn: Connection, event: LinksRenewed) -> None:
    """Keep which generation of their links holds from now on."""
    await link_generations.save_generation(conn, event.supporter_id, event.generation)
