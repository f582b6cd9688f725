"""The mails about a card that will not last."""

from contracts.events.checkout import CardNoticeDue
from services.chassis.storage.database import Connection
from services.notify.domain import telling
from services.notify.domain.mails import NewMail
from services.notify.handlers.write_mail import write


async def warn_about_card(conn: Connection, event: CardNoticeDue) -> None:
    """Tell a supporter that the card that will be charged will not last, while there is time."""
    day = f"{event.deadline_at.isoformat()}:{event.days_left}"
    await write(
        conn,
        NewMail(
            kind="card_unusable" if event.reason == "unusable" else "card_expires",
            cause=f"{event.campaign}:{event.supporter_id}:{day}",
            campaign=event.campaign,
            address=event.email,
            language=event.language,
            facts=telling.facts_of_fading_card(event),
        ),
    )
