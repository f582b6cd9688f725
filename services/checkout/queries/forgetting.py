"""Taking people out of what was ordered."""

from contracts.ids import OrderId, PledgeId, SupporterId
from services.chassis.storage.database import Connection

# The shares of an order without what somebody answered to a tier's questions.
WITHOUT_ANSWERS = """(
    SELECT jsonb_agg(jsonb_set(pledge, '{lines}', (
        SELECT coalesce(jsonb_agg(line || '{"answers": {}}' ORDER BY number), '[]')
        FROM jsonb_array_elements(pledge -> 'lines') WITH ORDINALITY AS each (line, number)
    )) ORDER BY place)
    FROM jsonb_array_elements(pledges) WITH ORDINALITY AS every (pledge, place)
)"""


async def forget_order(conn: Connection, order_id: OrderId) -> None:
    """Take address, name and answers out of an order that was decided."""
    await conn.execute(
        f"""
        UPDATE orders
        SET email = NULL,
            shipping_address = NULL,
            attribution = NULL,
            pledges = {WITHOUT_ANSWERS}
        WHERE order_id = $1
          AND status NOT IN ('opening', 'open')
        """,  # noqa: S608
        order_id,
    )


async def forget_updates(conn: Connection, pledge_id: PledgeId) -> None:
    """Take the address out of what became of a pledge's other cards."""
    await conn.execute(
        """
        UPDATE card_updates
        SET email = ''
        WHERE pledge_id = $1
          AND status IN ('saved', 'over')
        """,
        pledge_id,
    )


async def forget_cards(conn: Connection, supporter: SupporterId) -> None:
    """Take address, brand and digits off a supporter's cards, once no pledge needs one."""
    await conn.execute(
        """
        UPDATE cards
        SET email = '',
            brand = '',
            last4 = '',
            exp_month = 1,
            exp_year = 2000,
            fingerprint = ''
        WHERE supporter_id = $1
          AND NOT EXISTS (
              SELECT 1
              FROM card_uses
              WHERE card_uses.supporter_id = $1
                AND ended_as IS NULL
          )
        """,
        supporter,
    )
