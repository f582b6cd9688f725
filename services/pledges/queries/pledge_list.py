"""Pledges as an operator looks for them: filtered, sorted, in pages that cost the same anywhere."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.api.desk import Fulfilment, PledgeOrder, PledgeRow
from contracts.api.pledges import PledgeStatus
from contracts.ids import CampaignSlug, PledgeId
from services.chassis.storage.database import Connection, decode_rows

ORDER_ID = "pool-"
FEW = 500
NAMED = "strpos(email, $2) > 0 OR strpos(lower(shipping_address ->> 'name'), $2) > 0"

COLUMNS: dict[PledgeOrder, str] = {
    "created": "created_at",
    "amount": "total_cents",
    "email": 'email COLLATE "C"',
}


class Place(msgspec.Struct, frozen=True):
    """Where a page begins: behind this value, and this pledge among those that share it."""

    value: datetime | int | str
    pledge_id: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which pledges, in which order. Every condition that is given must hold."""

    campaigns: Sequence[CampaignSlug]
    order: PledgeOrder = "created"
    is_descending: bool = True
    status: PledgeStatus | None = None
    fulfilment: Fulfilment | None = None
    country: str = ""
    words: str = ""
    # Where few fit the words, all of them: then they are not looked for along the order.
    only: tuple[PledgeId, ...] | None = None
    after: Place | None = None
    limit: int = 50


async def list_pledges(conn: Connection, wanted: Wanted) -> list[PledgeRow]:
    """Return the next pledges.

    Each campaign gives its own first ones by an index, so that a page deep in a hundred
    thousand costs what the first does. Only what is asked for stands in the statement.
    """
    column = COLUMNS[wanted.order]
    way, side = ("DESC", "<") if wanted.is_descending else ("ASC", ">")
    conditions, given = _conditions(wanted, column, side)
    rows = await conn.fetch(
        f"""
        SELECT pledge_id AS order_id, campaign AS campaign_slug, email, status,
               total_cents AS amount, created_at,
               coalesce(shipping_address ->> 'name', '') AS name,
               coalesce(shipping_address ->> 'country', '') AS country,
               lines.item_names, lines.is_physical, lines.has_platform_add_ons
        FROM (
            SELECT pledge_id, campaign, email, status, total_cents, created_at,
                   shipping_address
            FROM unnest($1::text[]) AS asked (slug)
            CROSS JOIN LATERAL (
                SELECT pledge_id, campaign, email, status, total_cents, created_at,
                       shipping_address
                FROM pledges
                WHERE campaign = slug {conditions}
                ORDER BY {column} {way}, pledge_id {way}
                LIMIT $2
            ) AS each
            ORDER BY {column} {way}, pledge_id {way}
            LIMIT $2
        ) AS found
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(label ORDER BY line_no), '{{}}') AS item_names,
                   coalesce(bool_or(is_physical), false) AS is_physical,
                   coalesce(bool_or(kind = 'add_on' AND NOT counts_toward_goal), false)
                       AS has_platform_add_ons
            FROM pledge_lines
            WHERE pledge_lines.pledge_id = found.pledge_id
        ) AS lines
        ORDER BY {column} {way}, pledge_id {way}
        """,  # noqa: S608
        list(wanted.campaigns),
        wanted.limit,
        *given,
    )
    return decode_rows(rows, PledgeRow)


async def find_few(
    conn: Connection, campaigns: Sequence[CampaignSlug], words: str
) -> tuple[PledgeId, ...] | None:
    """Return every pledge that words fit, None where they are too many to be named.

    A number of ours is looked up, an address is searched for among addresses, which an index
    holds; anything else may be a name as well, and that is in the pledges themselves.
    """
    if words.startswith(ORDER_ID):
        condition, word = "pledge_id = $2 OR order_id = $2", words
    elif "@" in words:
        condition, word = "strpos(email, $2) > 0", words.lower()
    else:
        condition, word = NAMED, words.lower()
    rows = await conn.fetch(
        f"""
        SELECT pledge_id
        FROM pledges
        WHERE campaign = ANY($1) AND ({condition})
        LIMIT $3
        """,  # noqa: S608
        list(campaigns),
        word,
        FEW + 1,
    )
    return None if len(rows) > FEW else tuple(row["pledge_id"] for row in rows)


def _conditions(wanted: Wanted, column: str, side: str) -> tuple[str, list[object]]:
    """Return what narrows the list, and the values it is given from the third on."""
    found: list[str] = []
    given: list[object] = []

    def add(text: str, *values: object) -> None:
        numbers = range(3 + len(given), 3 + len(given) + len(values))
        found.append("AND " + text.format(*(f"${number}" for number in numbers)))
        given.extend(values)

    if wanted.after is not None:
        add(
            f"({column}, pledge_id) {side} ({{}}, {{}})", wanted.after.value, wanted.after.pledge_id
        )
    if wanted.status is not None:
        add("status = {}", wanted.status)
    if wanted.country:
        add("shipping_address ->> 'country' = {}", wanted.country)
    if wanted.only is not None:
        add("pledge_id = ANY({})", list(wanted.only))
    elif wanted.words:
        add(
            "(strpos(email, {0}) > 0 OR strpos(lower(shipping_address ->> 'name'), {0}) > 0)",
            wanted.words.lower(),
        )
    if wanted.fulfilment is not None:
        found.append(FULFILMENTS[wanted.fulfilment])
    return " ".join(found), given


LINE = "EXISTS (SELECT FROM pledge_lines WHERE pledge_lines.pledge_id = pledges.pledge_id AND {})"
FULFILMENTS: dict[Fulfilment, str] = {
    "physical": "AND " + LINE.format("is_physical"),
    "digital": "AND NOT " + LINE.format("is_physical"),
    "platform": "AND " + LINE.format("kind = 'add_on' AND NOT counts_toward_goal"),
}
