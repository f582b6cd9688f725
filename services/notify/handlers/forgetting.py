"""Forget to whom mails were sent, and what they said."""

from contracts.events.pledges import PledgeErased
from services.chassis.storage.database import Connection
from services.notify.queries import people

PORTION = 500


async def forget_person(conn: Connection, event: PledgeErased) -> None:
    """Take a person out of every mail that is done with; what is still to be sent is sent."""
    await people.forget_recipient(conn, event.email)
    await people.forget_mails(conn, limit=PORTION)


async def forget_what_is_done(conn: Connection) -> int:
    """Take those who asked for it out of a portion of the mails that are done with by now."""
    return await people.forget_mails(conn, limit=PORTION)
