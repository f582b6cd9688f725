"""The mails about an order of which nothing was pledged, or not all."""

from contracts.events.checkout import CheckoutRefused, RefusedPart
from contracts.events.pledges import PledgeRefused
from contracts.ids import OrderId
from contracts.pricing import PricedLine
from services.chassis.storage.database import Connection
from services.notify.domain.facts import Facts
from services.notify.domain.mails import NewMail
from services.notify.handlers.write_mail import write


async def explain_late_pledge(conn: Connection, event: PledgeRefused) -> None:
    """Tell somebody whose order came after the count that nothing was pledged."""
    own = RefusedPart(campaign=event.campaign, reason=event.reason)
    if not event.is_told:
        refused = (own, *event.also)
        mail = not_counted(event.order_id, refused, event.email, event.language, lines=event.lines)
        await write(conn, mail)


async def explain_refused_order(conn: Connection, event: CheckoutRefused) -> None:
    """Tell somebody whose card was saved for nothing that nothing was pledged."""
    own = RefusedPart(campaign=event.campaign, reason=event.reason)
    if not event.is_told:
        refused = (own, *event.also)
        mail = not_counted(event.order_id, refused, event.email, event.language)
        await write(conn, mail)


def not_counted(
    order_id: OrderId,
    refused: tuple[RefusedPart, ...],
    email: str,
    language: str,
    *,
    lines: tuple[PricedLine, ...] = (),
) -> NewMail:
    """Return the mail about an order of which nothing counts: the first part, then the others."""
    first, *others = refused
    return NewMail(
        kind="not_counted",
        cause=f"{order_id}:{first.campaign}",
        campaign=first.campaign,
        address=email,
        language=language,
        facts=Facts(lines=() if others else lines, reason=first.reason, refused=tuple(others)),
    )
