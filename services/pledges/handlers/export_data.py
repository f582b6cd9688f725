"""Hand a supporter everything the ledger holds about them."""

from contracts.api.pledges import Export, ExportedPledge, Movement
from contracts.magic_link import MagicLink, no_such_pledge
from services.chassis.storage.database import Connection
from services.pledges.domain import erasing, pledging
from services.pledges.domain.pledge import Pledge
from services.pledges.domain.record import public_record
from services.pledges.queries import community, ledger, money, records


async def export_data(conn: Connection, link: MagicLink) -> Export:
    """Return what there is about the link's supporter, of every campaign they backed.

    The link proves who somebody is: it went to their inbox and to no other.
    """
    own = next(iter(await ledger.list_pledges(conn, [link.pledge_id])), None)
    if own is None or erasing.is_erased(own):
        raise no_such_pledge()
    pledging.require_holder(own, link)
    found: list[ExportedPledge] = []
    now = None
    for pledge_id in await records.list_ids_of(conn, own.supporter_id):
        whole = await records.read_record(conn, pledge_id)
        assert whole is not None, "a pledge is never deleted"
        now = whole.now
        campaign, supporter = whole.pledge.campaign, whole.pledge.supporter_id
        found.append(
            ExportedPledge(
                pledge=public_record(whole.pledge, whole.campaign, whole.history, now=whole.now),
                consent=whole.pledge.consent,
                came_by=whole.pledge.attribution,
                money=await _moved(conn, whole.pledge),
                votes=await community.list_choices(conn, campaign, supporter),
                credit=await community.read_credit(conn, campaign, supporter),
            )
        )
    assert now is not None, "there is the link's own"
    return Export(exported_at=now, email=own.email, pledges=tuple(found))


async def _moved(conn: Connection, pledge: Pledge) -> tuple[Movement, ...]:
    if pledge.charge_id is None:
        return ()
    return tuple(
        Movement(kind=each.kind, cents=each.cents)
        for each in await money.list_moved(conn, pledge.charge_id)
        if each.pledge_id == pledge.pledge_id
    )
