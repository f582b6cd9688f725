"""SQL about what orders hold: reserved for a card or a revision, claimed by a pledge, released."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from contracts.ids import CampaignSlug, OrderId
from services.chassis.storage.database import Connection, decode_rows
from services.checkout.domain.orders import ShareKey
from services.checkout.domain.stock import Thing, ThingKind, Units
from services.checkout.queries.stock import columns


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """Units of an order, for which revision, and how firmly it has them."""

    campaign: CampaignSlug
    revision: int
    proposal: int
    shelf: str
    kind: ThingKind
    item_id: str
    variant_id: str
    quantity: int
    state: Literal["reserved", "claimed", "released"]

    @property
    def units(self) -> Units:
        """Return the units themselves."""
        thing = Thing(
            shelf=self.shelf, kind=self.kind, item_id=self.item_id, variant_id=self.variant_id
        )
        return Units(thing=thing, campaign=self.campaign, quantity=self.quantity)


class Proposals(msgspec.Struct, frozen=True):
    """Some proposals of one revision, from the first to the last."""

    revision: int
    first: int
    last: int


async def insert_reserved(
    conn: Connection, order_id: OrderId, units: list[Units], *, revision: int, proposal: int
) -> None:
    """Write down what a proposed revision adds, limited or not."""
    await conn.execute(
        """
        INSERT INTO reservations
            (order_id, campaign, shelf, kind, item_id, variant_id, quantity, revision, proposal)
        SELECT $1, campaign, shelf, kind, item_id, variant_id, quantity, $8, $9
        FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[])
            AS units (shelf, kind, item_id, variant_id, campaign, quantity)
        """,
        order_id,
        *unit_columns(units),
        revision,
        proposal,
    )


async def list_reservations(conn: Connection, order_id: OrderId) -> list[Reservation]:
    """Return everything an order ever held, in the order in which rows are locked."""
    rows = await conn.fetch(
        """
        SELECT campaign, revision, proposal, shelf, kind, item_id, variant_id, quantity, state
        FROM reservations
        WHERE order_id = $1
        ORDER BY shelf COLLATE "C", kind COLLATE "C", item_id COLLATE "C",
                 variant_id COLLATE "C", revision, proposal
        LIMIT 10000
        """,
        order_id,
    )
    return decode_rows(rows, Reservation)


async def claim_reserved(conn: Connection, shares: Sequence[ShareKey]) -> None:
    """Turn what these parts of orders reserved into claims."""
    await conn.execute(
        """
        WITH moved AS (
            UPDATE reservations AS r
            SET state = 'claimed'
            FROM unnest($1::text[], $2::text[]) AS shares (order_id, campaign)
            WHERE r.order_id = shares.order_id
              AND r.campaign = shares.campaign
              AND r.revision = 1
              AND r.state = 'reserved'
            RETURNING shelf, kind, item_id, variant_id, quantity
        ), sums AS (
            SELECT shelf, kind, item_id, variant_id, sum(quantity) AS quantity
            FROM moved
            GROUP BY shelf, kind, item_id, variant_id
        )
        UPDATE stock AS s
        SET reserved = s.reserved - sums.quantity,
            claimed = s.claimed + sums.quantity
        FROM sums
        WHERE s.shelf = sums.shelf
          AND s.kind = sums.kind
          AND s.item_id = sums.item_id
          AND s.variant_id = sums.variant_id
        """,
        *_key_columns(shares),
    )


async def list_released(
    conn: Connection, shares: Sequence[ShareKey]
) -> dict[ShareKey, list[Units]]:
    """Return what these parts of orders had reserved and let go, in the order of locks."""
    rows = await conn.fetch(
        """
        SELECT order_id, campaign, shelf, kind, item_id, variant_id, quantity
        FROM reservations
        JOIN unnest($1::text[], $2::text[]) AS shares (order_id, campaign)
            USING (order_id, campaign)
        WHERE revision = 1
          AND state = 'released'
        ORDER BY order_id, campaign, shelf COLLATE "C", kind COLLATE "C",
                 item_id COLLATE "C", variant_id COLLATE "C"
        """,
        *_key_columns(shares),
    )
    released: dict[ShareKey, list[Units]] = {}
    for row in rows:
        thing = Thing(
            shelf=row["shelf"],
            kind=row["kind"],
            item_id=row["item_id"],
            variant_id=row["variant_id"],
        )
        units = Units(thing=thing, campaign=row["campaign"], quantity=row["quantity"])
        released.setdefault(ShareKey(row["order_id"], row["campaign"]), []).append(units)
    return released


async def mark_claimed(conn: Connection, order_id: OrderId, units: Units) -> None:
    """Record that units released before are claimed afresh."""
    await conn.execute(
        """
        UPDATE reservations
        SET state = 'claimed'
        WHERE order_id = $1
          AND campaign = $2
          AND revision = 1
          AND shelf = $3
          AND kind = $4
          AND item_id = $5
          AND variant_id = $6
        """,
        order_id,
        units.campaign,
        *msgspec.structs.astuple(units.thing),
    )


async def write_claims(
    conn: Connection, order_id: OrderId, units: list[Units], *, revision: int, proposal: int
) -> None:
    """Write down that a committed revision has claimed all it contains."""
    await conn.execute(
        """
        INSERT INTO reservations
            (order_id, campaign, shelf, kind, item_id, variant_id, quantity, revision,
             proposal, state)
        SELECT $1, campaign, shelf, kind, item_id, variant_id, quantity, $8, $9, 'claimed'
        FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[])
            AS units (shelf, kind, item_id, variant_id, campaign, quantity)
        ON CONFLICT
            (order_id, campaign, revision, proposal, shelf, kind, item_id, variant_id)
        DO UPDATE
        SET quantity = excluded.quantity,
            state = 'claimed'
        """,
        order_id,
        *unit_columns(units),
        revision,
        proposal,
    )


async def release(
    conn: Connection,
    order_id: OrderId,
    campaigns: list[CampaignSlug],
    only: Proposals | None = None,
) -> int:
    """Free whatever the order holds of these campaigns; return how many units.

    Held is held once, so freeing again frees nothing, however often it is asked for.
    With `only` what these proposals have reserved, and no claim.
    """
    freed = await conn.fetchval(
        """
        WITH held AS (
            SELECT ctid, state
            FROM reservations
            WHERE order_id = $1
              AND campaign = ANY($2)
              AND (state = 'reserved' OR (state = 'claimed' AND $3::int IS NULL))
              AND ($3 IS NULL OR (revision = $3 AND proposal BETWEEN $4 AND $5))
            FOR UPDATE
        ), freed AS (
            UPDATE reservations AS r
            SET state = 'released'
            FROM held
            WHERE r.ctid = held.ctid
            RETURNING shelf, kind, item_id, variant_id, quantity, held.state
        ), sums AS (
            SELECT shelf, kind, item_id, variant_id,
                   coalesce(sum(quantity) FILTER (WHERE state = 'claimed'), 0) AS claims,
                   coalesce(sum(quantity) FILTER (WHERE state = 'reserved'), 0) AS holds
            FROM freed
            GROUP BY shelf, kind, item_id, variant_id
        ), returned AS (
            UPDATE stock AS s
            SET claimed = claimed - claims,
                reserved = reserved - holds,
                ceiling_total = greatest(limit_total, claimed + reserved - claims - holds)
            FROM sums
            WHERE (s.shelf, s.kind, s.item_id, s.variant_id)
                = (sums.shelf, sums.kind, sums.item_id, sums.variant_id)
        )
        SELECT coalesce(sum(quantity), 0)
        FROM freed
        """,
        order_id,
        campaigns,
        *(msgspec.structs.astuple(only) if only else (None, None, None)),
    )
    return int(freed)


def _key_columns(shares: Sequence[ShareKey]) -> tuple[list[str], list[str]]:
    return [each.order_id for each in shares], [each.campaign for each in shares]


def unit_columns(
    units: list[Units],
) -> tuple[list[str], list[str], list[str], list[str], list[str], list[int]]:
    """Return units as arrays: whose they are, what they are, for which campaign, how many."""
    return (
        *columns([each.thing for each in units]),
        [each.campaign for each in units],
        [each.quantity for each in units],
    )
