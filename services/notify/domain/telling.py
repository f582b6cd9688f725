"""What a mail tells, taken from the event that is its cause. Pure."""

from datetime import datetime

from contracts.events.checkout import Card, CardNoticeDue
from contracts.events.pledges import PledgeSnapshot, SupporterNotice
from contracts.recovery import Recovery
from services.notify.domain.facts import CardFace, Facts, Sums
from services.notify.domain.mails import MailKind


def facts_of_pledge(pledge: PledgeSnapshot) -> Facts:
    """Return what a mail about one pledge tells."""
    price = pledge.price
    return Facts(
        pledge_id=pledge.pledge_id,
        lines=pledge.lines,
        sums=Sums(
            subtotal_cents=price.subtotal_cents,
            shipping_cents=price.shipping_cents,
            tax_cents=price.tax_cents,
            tip_cents=price.tip_cents,
            total_cents=price.total_cents,
            tip_percent=price.tip_percent,
            tax_rate=price.tax_rate,
        ),
        card=_face(pledge.card),
        currency=pledge.currency,
        is_late=pledge.is_late,
    )


def facts_of_notice(
    notice: SupporterNotice, *, happened_at: datetime | None = None, reason: str = ""
) -> Facts:
    """Return what a mail about all of a supporter's pledges to a campaign tells."""
    return Facts(
        pledge_id=min(notice.pledge_ids),
        lines=notice.lines,
        sums=Sums(
            subtotal_cents=notice.subtotal_cents,
            shipping_cents=notice.shipping_cents,
            tax_cents=notice.tax_cents,
            tip_cents=notice.tip_cents,
            total_cents=notice.total_cents,
        ),
        card=_face(notice.card),
        currency=notice.currency,
        happened_at=happened_at,
        reason=reason,
    )


def kind_of_decline(recovery: Recovery | None) -> MailKind:
    """Return which mail tells of a decline: the bank waits for its customer, or said no."""
    needs_person = recovery is not None and recovery.needs_authentication
    return "payment_unconfirmed" if needs_person else "payment_failed"


def facts_of_fading_card(notice: CardNoticeDue) -> Facts:
    """Return what a mail about a card that will not last tells."""
    return Facts(pledge_id=min(notice.pledge_ids), card=_face(notice.card))


def _face(card: Card) -> CardFace:
    return CardFace(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )
