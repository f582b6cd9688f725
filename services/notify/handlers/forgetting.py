"""Forget to whom mails were sent, and what they said."""

from contracts.events.pledges import PledgeErased
from services.chassis.database import Connection
from services.notify.queries import people


async def forget_person(conn: Connection, event: PledgeErased) -> None:
    """Take a person out of every mail that is done with; what is still to be sent is sent."""
    await people.forget_recipient(conn, event.email)
