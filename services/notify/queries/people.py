"""Taking people out of mails."""

from services.chassis.database import Connection


async def forget_recipient(conn: Connection, recipient: str) -> None:
    """Take a person out of the mails that are done with; which pledge they were of stays."""
    await conn.execute("SELECT forget_recipient($1)", recipient)
