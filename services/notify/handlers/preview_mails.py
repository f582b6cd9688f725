"""The mail with the link that shows a working copy to somebody who was asked to look."""

import hashlib

from contracts.events.admin import PreviewShared
from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.notify.domain.facts import Facts, PreviewFacts
from services.notify.domain.mails import NewMail
from services.notify.handlers.write_mail import write

NO_CAMPAIGN = CampaignSlug("")


async def send_preview(conn: Connection, event: PreviewShared) -> None:
    """Send the link. Its film may not be public, so the mail waits for none to be known."""
    await write(
        conn,
        NewMail(
            kind="preview_link",
            cause=f"preview:{hashlib.sha256(event.token.encode()).hexdigest()}",
            campaign=NO_CAMPAIGN,
            address=event.email,
            language=event.language,
            facts=Facts(
                preview=PreviewFacts(
                    campaign=event.campaign,
                    title=event.title,
                    shared_by=event.shared_by,
                    token=event.token,
                )
            ),
        ),
    )
