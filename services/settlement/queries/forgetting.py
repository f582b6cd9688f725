"""SQL that takes a person out of what we keep of their pledges and charges."""

from contracts.ids import PledgeId
from services.chassis.storage.database import Connection

# As the ledger writes a card that is nobody's.
BLANK = "card_brand = '', card_last4 = '', card_exp_month = 1, card_exp_year = 2000"


async def forget_copies(conn: Connection, pledge_id: PledgeId) -> None:
    """Take the card off a pledge's copy, and the person out of what a notice would say."""
    await conn.execute(
        f"UPDATE pledge_copies SET {BLANK} WHERE pledge_id = $1",  # noqa: S608
        pledge_id,
    )
    await conn.execute(
        """
        UPDATE notice_copies
        SET snapshot = jsonb_set(
            snapshot || '{"email": ""}' || jsonb_build_object(
                'card', ((snapshot -> 'card') || jsonb_build_object(
                    'brand', '', 'last4', '', 'exp_month', 1, 'exp_year', 2000
                )) - 'fingerprint'
            ),
            '{lines}',
            (
                SELECT coalesce(jsonb_agg(line || '{"answers": {}}' ORDER BY place), '[]')
                FROM jsonb_array_elements(snapshot -> 'lines')
                    WITH ORDINALITY AS each (line, place)
            )
        )
        WHERE pledge_id = $1
        """,
        pledge_id,
    )


async def forget_charges(conn: Connection, pledge_id: PledgeId) -> int:
    """Take the card off the decided charges of a pledge; return how many there were.

    What was charged, when, and what Stripe calls it stays: refunds and disputes need it.
    """
    status = await conn.execute(
        f"""
        UPDATE charges
        SET {BLANK}
        WHERE $1 = ANY(pledge_ids)
          AND status IN ('succeeded', 'lost')
        """,  # noqa: S608
        pledge_id,
    )
    return int(status.split()[-1])
