"""Forgetting a person: what of theirs is beside their pledges."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from services.chassis.storage.database import Connection
from services.pledges.queries.ledger import Person

# From when the card was saved, as checkout forgets an order of which no pledge came. S-52.
REFUSAL_KEPT = timedelta(days=90)


async def forget(conn: Connection, supporter: SupporterId, *, email: str, pseudonym: str) -> None:
    """Put a pseudonym in the place of an address, and take back how somebody is credited."""
    await conn.execute(
        "UPDATE supporters SET email = $2 WHERE supporter_id = $1", supporter, pseudonym
    )
    await conn.execute("SELECT forget_refused($1, $2)", email, pseudonym)
    await conn.execute(
        """
        UPDATE credits
        SET credited_as = '', is_on_wall = false
        WHERE supporter_id = $1
        """,
        supporter,
    )


async def take_untold(
    conn: Connection, supporter: SupporterId, *, now: datetime
) -> list[CampaignSlug]:
    """Mark what a supporter was not told yet as announced; return which campaigns it is of.

    Waits for whoever is telling it right now, who reads the address after taking the row.
    """
    rows = await conn.fetch(
        """
        UPDATE releases
        SET announced_at = $2
        WHERE supporter_id = $1
          AND announced_at IS NULL
        RETURNING campaign
        """,
        supporter,
        now,
    )
    return sorted(row["campaign"] for row in rows)


async def forget_history(conn: Connection, pledge_id: PledgeId, blank: Card) -> None:
    """Take answers and cards out of the lines of a pledge whose last line says so."""
    await conn.execute("SELECT erase_history($1, $2)", pledge_id, msgspec.to_builtins(blank))


async def recall(conn: Connection, persons: Sequence[Person]) -> None:
    """Know those who were forgotten, and come again, under their own address again."""
    await conn.execute(
        """
        UPDATE supporters
        SET email = new.email
        FROM jsonb_populate_recordset(NULL::supporters, $1) AS new
        WHERE supporters.supporter_id = new.supporter_id
          AND supporters.email <> new.email
        """,
        persons,
    )


async def forget_old_refusals(conn: Connection, *, limit: int) -> int:
    """Take the person out of a portion of old refusals; return how many there were."""
    gone: int = await conn.fetchval("SELECT forget_old_refusals($1, $2)", limit, REFUSAL_KEPT)
    return gone
