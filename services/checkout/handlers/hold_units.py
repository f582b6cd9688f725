"""Take the locks under which units move, in the one order everybody takes them in."""

from collections.abc import Iterable

import msgspec

from contracts.ids import CampaignSlug, OrderId
from services.chassis.database import Connection
from services.checkout.domain.orders import Door
from services.checkout.domain.stock import PLATFORM_SHELF, Thing, Units, remaining, sold_out
from services.checkout.queries import campaigns, reservations, stock
from services.checkout.queries.reservations import Proposals


class Freed(msgspec.Struct, frozen=True, kw_only=True):
    """So many units that can be had again, and whose stock they are."""

    quantity: int
    shelves: frozenset[str]


async def hold_things(
    conn: Connection, slugs: list[CampaignSlug], things: Iterable[Thing]
) -> dict[CampaignSlug, Door]:
    """Hold the campaigns' doors, the platform's if its own products are meant, then the rows.

    The order itself is locked before. Return the campaigns' doors.
    """
    wanted = sorted(set(things))
    doors = await campaigns.lock_doors(conn, slugs)
    if any(thing.shelf == PLATFORM_SHELF for thing in wanted):
        await campaigns.hold_platform(conn)
    await stock.lock_things(conn, wanted)
    return doors


async def limited_of(conn: Connection, wanted: list[Units]) -> list[Units]:
    """Return the scarce part of what is wanted, in the order in which it is reserved.

    Refuses at once what is plainly gone: a crowd that came too late waits for no lock.
    """
    limited: list[Units] = []
    for units in wanted:
        level = await stock.find_level(conn, units.thing)
        if level is None:
            continue
        if remaining(level) < units.quantity:
            raise sold_out(units, remaining(level))
        limited.append(units)
    return limited


async def reserve_all(conn: Connection, limited: list[Units]) -> None:
    """Reserve all of these, or refuse; what was reserved before goes with the transaction."""
    for units in limited:
        if not await stock.reserve(conn, units):
            level = await stock.find_level(conn, units.thing)
            raise sold_out(units, remaining(level) if level else 0)


async def free_held(conn: Connection, order_id: OrderId, slugs: list[CampaignSlug]) -> Freed:
    """Free whatever an order holds of these campaigns."""
    held = [
        each.units.thing
        for each in await reservations.list_held(conn, order_id)
        if each.campaign in slugs and each.state != "released"
    ]
    await hold_things(conn, slugs, held)
    quantity = await reservations.release(conn, order_id, slugs)
    return Freed(quantity=quantity, shelves=frozenset(thing.shelf for thing in held))


async def reserved_by(
    conn: Connection, order_id: OrderId, campaign: CampaignSlug, only: Proposals
) -> set[Thing]:
    """Return what these proposals of a revision still reserve."""
    return {
        each.units.thing
        for each in await reservations.list_held(conn, order_id)
        if each.campaign == campaign
        and each.revision == only.revision
        and only.first <= each.proposal <= only.last
        and each.state == "reserved"
    }
