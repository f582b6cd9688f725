"""What reports read: pledges one after the other through a cursor, their parts by the hundred.

Nothing here holds more than a page of pledges, however many there are.
"""

from collections.abc import AsyncIterator
from typing import Any

from contracts.ids import CampaignSlug, PledgeId
from services.chassis.storage.database import Connection, decode_rows
from services.pledges.domain.reports.fulfilment import PaidPledge
from services.pledges.domain.reports.ledger import TOLD, LedgerEntry, LedgerPledge

PAGE = 500
IDLE_SECONDS = 60
"""How long a reader may take over a page before the report is given up."""


async def begin_report(conn: Connection) -> None:
    """Let a whole report see one moment, write nothing, and take the time it takes."""
    await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    await conn.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    await conn.execute(f"SET LOCAL statement_timeout = '{IDLE_SECONDS}s'")


async def list_for_ledger(
    conn: Connection, campaign: CampaignSlug
) -> AsyncIterator[list[LedgerPledge]]:
    """Yield every pledge of a campaign ever made, oldest first, a page at a time."""
    async for rows in _pages(
        conn,
        """
        SELECT pledge_id, campaign, email, status
        FROM pledges
        WHERE campaign = $1
        ORDER BY created_at, pledge_id
        """,
        campaign,
    ):
        yield decode_rows(rows, LedgerPledge)


async def list_entries(conn: Connection, pledge_ids: list[PledgeId]) -> list[LedgerEntry]:
    """Return what changed the worth of these pledges, in each pledge's order."""
    rows = await conn.fetch(
        """
        SELECT pledge_id, entry_type, recorded_at, tip_percent, goal_delta_cents,
            subtotal_delta_cents, shipping_delta_cents, tax_delta_cents, tip_delta_cents,
            total_delta_cents, lines
        FROM pledge_history
        WHERE pledge_id = ANY($1)
          AND entry_type = ANY($2)
        ORDER BY pledge_id, version
        """,
        pledge_ids,
        TOLD,
    )
    return decode_rows(rows, LedgerEntry)


async def list_paid(conn: Connection, campaign: CampaignSlug) -> AsyncIterator[list[PaidPledge]]:
    """Yield what was charged and is still with us, by supporter, a page at a time."""
    async for rows in _pages(
        conn,
        """
        SELECT pledge_id, supporter_id, supporters.email, campaign, goal_cents, subtotal_cents,
            shipping_cents, tax_cents, tip_cents, shipping_address,
            coalesce(price_details -> 'shipments', '[]') AS shipments
        FROM pledges
        JOIN supporters USING (supporter_id)
        WHERE campaign = $1
          AND status = 'charged'
          AND returned_cents < total_cents
        ORDER BY supporters.email COLLATE "C", supporter_id, created_at, pledge_id
        """,
        campaign,
    ):
        lines = await _lines_by_pledge(conn, [row["pledge_id"] for row in rows])
        # `pledge_id` itself is no part of the report.
        yield decode_rows(
            [{**row, "lines": lines.get(row["pledge_id"], [])} for row in rows], PaidPledge
        )


async def _lines_by_pledge(
    conn: Connection, pledge_ids: list[PledgeId]
) -> dict[PledgeId, list[dict[str, Any]]]:
    rows = await conn.fetch(
        """
        SELECT pledge_id, kind, item_id, variant_id, label, quantity, unit_cents, total_cents,
            counts_toward_goal, is_physical, answers
        FROM pledge_lines
        WHERE pledge_id = ANY($1)
        ORDER BY pledge_id, line_no
        """,
        pledge_ids,
    )
    found: dict[PledgeId, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["pledge_id"], []).append(dict(row))
    return found


async def _pages(conn: Connection, query: str, *values: object) -> AsyncIterator[list[Any]]:
    """Yield the rows of a query through a cursor on the server."""
    cursor = await conn.cursor(query, *values)
    while rows := await cursor.fetch(PAGE):
        yield rows
