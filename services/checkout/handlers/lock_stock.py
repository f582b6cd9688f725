"""Take the locks under which units move, in the one order everybody takes them in."""

from collections.abc import Iterable

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.checkout.domain.orders import Door
from services.checkout.domain.stock import PLATFORM_SHELF, Thing
from services.checkout.queries import campaigns, stock


async def lock_stock(
    conn: Connection, slugs: list[CampaignSlug], things: Iterable[Thing]
) -> dict[CampaignSlug, Door]:
    """Lock the campaigns' doors, the platform's if its own products are meant, then the rows.

    The order itself is locked before. Return the campaigns' doors.
    """
    wanted = sorted(set(things))
    doors = await campaigns.lock_doors(conn, slugs)
    if any(thing.shelf == PLATFORM_SHELF for thing in wanted):
        await campaigns.lock_platform_shared(conn)
    await stock.lock_things(conn, wanted)
    return doors
