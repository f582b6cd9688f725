"""Show a pledge to the holder of its link."""

from contracts.magic_link import MagicLink
from services.chassis.database import Connection
from services.pledges import domain, erasing
from services.pledges.handlers.open_link import no_such_pledge
from services.pledges.queries import records
from services.pledges.record import PledgeRecord, public_record


async def read_pledge(conn: Connection, link: MagicLink) -> PledgeRecord:
    """Return the record of the pledge a link is for."""
    found = await records.read_record(conn, link.order_id)
    if found is None or erasing.is_erased(found.pledge):
        raise no_such_pledge()
    domain.require_holder(found.pledge, link)
    return public_record(found.pledge, found.campaign, found.history, now=found.now)
