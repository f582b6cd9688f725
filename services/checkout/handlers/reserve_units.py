"""Reserve units while a card is saved, and free them again."""

import msgspec

from contracts.ids import CampaignSlug, OrderId
from services.chassis.storage.database import Connection
from services.checkout.domain.stock import Thing, Units, remaining, sold_out
from services.checkout.handlers.lock_stock import lock_stock
from services.checkout.queries import reservations, stock
from services.checkout.queries.reservations import Proposals


class Freed(msgspec.Struct, frozen=True, kw_only=True):
    """So many units that can be had again, and whose stock they are."""

    quantity: int
    shelves: frozenset[str]


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


async def free_units_of(conn: Connection, order_id: OrderId, slugs: list[CampaignSlug]) -> Freed:
    """Free whatever an order has reserved or claimed of these campaigns."""
    taken = [
        each.units.thing
        for each in await reservations.list_reservations(conn, order_id)
        if each.campaign in slugs and each.state != "released"
    ]
    await lock_stock(conn, slugs, taken)
    quantity = await reservations.release(conn, order_id, slugs)
    return Freed(quantity=quantity, shelves=frozenset(thing.shelf for thing in taken))


async def reserved_by(
    conn: Connection, order_id: OrderId, campaign: CampaignSlug, only: Proposals
) -> set[Thing]:
    """Return what these proposals of a revision still reserve."""
    return {
        each.units.thing
        for each in await reservations.list_reservations(conn, order_id)
        if each.campaign == campaign
        and each.revision == only.revision
        and only.first <= each.proposal <= only.last
        and each.state == "reserved"
    }
