"""Taking people out of mails."""

from services.chassis.database import Connection


async def forget_recipient(conn: Connection, recipient: str) -> None:
    """Take a person out of the mails that are done with; which pledge they were of stays."""
    await conn.execute(
        """
        UPDATE mails
        SET recipient = '',
            address = '',
            facts = jsonb_strip_nulls(jsonb_build_object('pledge_id', facts -> 'pledge_id'))
        WHERE recipient = $1
          AND status IN ('sent', 'undeliverable')
        """,
        recipient,
    )
