"""Show a pledge to the holder of its link, and those of the same checkout."""

import msgspec

from contracts import magic_link
from contracts.api.pledges import LinkedRecord, PledgeRecord
from contracts.magic_link import MagicLink, no_such_pledge
from services.chassis.storage.database import Connection
from services.pledges.domain import erasing, pledging
from services.pledges.domain.record import public_record
from services.pledges.queries import proposals, records


async def read_pledge(conn: Connection, link: MagicLink) -> PledgeRecord:
    """Return the record of the pledge a link is for."""
    found = await records.read_record(conn, link.pledge_id)
    if found is None or erasing.is_erased(found.pledge):
        raise no_such_pledge()
    pledging.require_holder(found.pledge, link)
    return public_record(found.pledge, found.campaign, found.history, now=found.now)


async def read_pledges(conn: Connection, link: MagicLink, key: bytes) -> list[PledgeRecord]:
    """Return the link's pledge, then those of the same checkout, of the same person.

    Their links end when the one that was used ends.
    """
    own = await read_pledge(conn, link)
    told: list[PledgeRecord] = [own]
    for pledge_id, campaign in (await proposals.list_linked(conn, link.pledge_id)).items():
        if pledge_id == own.order_id:
            continue
        theirs = msgspec.structs.replace(link, pledge_id=pledge_id, campaign_slug=campaign)
        record = await read_pledge(conn, theirs)
        token = magic_link.sign(theirs, key)
        told.append(LinkedRecord(**msgspec.structs.asdict(record), token=token))
    return told
