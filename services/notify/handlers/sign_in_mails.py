"""The mail with the link that opens the dashboard."""

import hashlib

from contracts.events.admin import SignInAsked
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.notify.domain.facts import Facts
from services.notify.domain.mails import NewMail
from services.notify.handlers.write_mail import write

NO_CAMPAIGN = CampaignSlug("")


async def send_sign_in(conn: Connection, event: SignInAsked) -> None:
    """Send the link; it speaks of no campaign, and waits for none to be known."""
    await write(
        conn,
        NewMail(
            kind="sign_in",
            cause=f"sign_in:{hashlib.sha256(event.token.encode()).hexdigest()}",
            campaign=NO_CAMPAIGN,
            address=event.email,
            language=event.language,
            facts=Facts(sign_in_token=event.token),
        ),
    )
