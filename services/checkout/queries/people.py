"""Taking people out of what was ordered."""

from contracts.ids import OrderId, SupporterId
from services.chassis.database import Connection


async def forget_order(conn: Connection, order_id: OrderId) -> None:
    """Take address, name and answers out of an order that was decided."""
    await conn.execute(
        """
        UPDATE orders
        SET email = NULL,
            shipping_address = NULL,
            attribution = NULL,
            pledges = (
                SELECT jsonb_agg(jsonb_set(pledge, '{lines}', (
                    SELECT coalesce(jsonb_agg(line || '{"answers": {}}' ORDER BY number), '[]')
                    FROM jsonb_array_elements(pledge -> 'lines')
                        WITH ORDINALITY AS each (line, number)
                )) ORDER BY place)
                FROM jsonb_array_elements(pledges) WITH ORDINALITY AS every (pledge, place)
            )
        WHERE order_id = $1
          AND status NOT IN ('opening', 'open')
        """,
        order_id,
    )


async def forget_cards(conn: Connection, supporter: SupporterId) -> None:
    """Take the address off a supporter's cards, as long as no pledge of theirs needs one."""
    await conn.execute(
        """
        UPDATE cards
        SET email = ''
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
