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
    """Take whoever asked for it, and reviewers after their day, out of what is done with by now.

    A portion of them; return how many mails lost somebody.
    """
    await people.forget_reviewers(conn, limit=PORTION)
    return await people.forget_mails(conn, limit=PORTION)
