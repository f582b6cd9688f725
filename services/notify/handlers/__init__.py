"""One function per thing notify does. Each writes at most one mail for its cause.

The cause names the fact by what it is about, not by the event that told it: a copy of
the event under another id, or a replay years later, finds the mail already written.
"""

from collections.abc import Mapping, Sequence

import msgspec

from contracts.events.checkout import CardNoticeDue, CheckoutRefused, RefusedPart
from contracts.events.pledges import (
    PledgeCancelled,
    PledgeCreated,
    PledgeRefused,
    PledgesCharged,
    PledgesChargeFailed,
    PledgesLost,
    PledgesRecoveryReminded,
    PledgesReleased,
)
from contracts.ids import OrderId, SupporterId, is_pseudonym, supporter_id
from contracts.pricing import PricedLine
from services.chassis import telemetry
from services.chassis.database import Connection
from services.notify import queries, telling
from services.notify.mails import (
    Accepted,
    Batch,
    Facts,
    Mail,
    NewMail,
    Outcome,
    Step,
    StepStatus,
    next_step,
)
from services.notify.queries import definitions, link_generations

log = telemetry.logger(__name__)


async def confirm_pledge(conn: Connection, event: PledgeCreated) -> None:
    """Tell the supporter what was pledged, on what condition, and how to get back to it."""
    await confirm_pledges(conn, [event])


async def confirm_pledges(conn: Connection, events: Sequence[PledgeCreated]) -> None:
    """Tell many supporters: rows as arrays.

    It names what else of the order was refused: an order has one mail. A confirmation that
    is heard after the cancellation would be false: then only what was refused is told.
    """
    ids = [each.pledge.pledge_id for each in events]
    cancelled = await queries.list_mailed(conn, "pledge_cancelled", ids)
    news: list[NewMail] = []
    for event in events:
        pledge = event.pledge
        if pledge.pledge_id not in cancelled:
            news.append(_confirmation(event))
        elif event.refused:
            news.append(_not_counted(pledge.order_id, event.refused, pledge.email, pledge.language))
    await write_all(conn, news)


async def confirm_cancellation(conn: Connection, event: PledgeCancelled) -> None:
    """Tell the supporter that the pledge is withdrawn and the card was not charged."""
    pledge = event.pledge
    await write(
        conn,
        NewMail(
            kind="pledge_cancelled",
            cause=pledge.pledge_id,
            campaign=pledge.campaign,
            address=pledge.email,
            language=pledge.language,
            facts=telling.facts_of_pledge(pledge),
        ),
    )


async def confirm_payment(conn: Connection, event: PledgesCharged) -> None:
    """Send the receipt of a charge. A pledge is charged once, so its id names the charge."""
    await confirm_payments(conn, [event])


async def confirm_payments(conn: Connection, events: Sequence[PledgesCharged]) -> None:
    """Send many receipts: rows as arrays."""
    news = [
        NewMail(
            kind="payment_confirmed",
            cause=min(each.notice.pledge_ids),
            campaign=each.campaign,
            address=each.notice.email,
            language=each.notice.language,
            facts=telling.facts_of_notice(each.notice, happened_at=each.charged_at),
        )
        for each in events
    ]
    await write_all(conn, news)


async def report_declined_charge(conn: Connection, event: PledgesChargeFailed) -> None:
    """Tell the supporter that the bank said no to this attempt, if it is to be told."""
    if event.is_quiet:
        return
    notice, failed_at = event.notice, event.failed_at
    facts = telling.facts_of_notice(notice, happened_at=failed_at)
    await write(
        conn,
        NewMail(
            kind=telling.kind_of_decline(event.recovery),
            cause=f"{min(notice.pledge_ids)}:{failed_at.isoformat()}",
            campaign=event.campaign,
            address=notice.email,
            language=notice.language,
            facts=msgspec.structs.replace(facts, recovery=event.recovery),
        ),
    )


async def remind_of_payment(conn: Connection, event: PledgesRecoveryReminded) -> None:
    """Remind the supporter that the charge is still open, and until when."""
    notice = event.notice
    await write(
        conn,
        NewMail(
            kind=telling.kind_of_decline(event.recovery),
            cause=f"{min(notice.pledge_ids)}:reminder:{event.number}",
            campaign=event.campaign,
            address=notice.email,
            language=notice.language,
            facts=msgspec.structs.replace(
                telling.facts_of_notice(notice),
                recovery=event.recovery,
                is_last_day=event.is_last_day,
            ),
        ),
    )


async def report_loss(conn: Connection, event: PledgesLost) -> None:
    """Tell the supporter that the time to pay is over, and that nothing is owed."""
    notice = event.notice
    await write(
        conn,
        NewMail(
            kind="payment_lost",
            cause=min(notice.pledge_ids),
            campaign=event.campaign,
            address=notice.email,
            language=notice.language,
            facts=telling.facts_of_notice(
                notice,
                happened_at=event.lost_at,
                reason="refunded" if event.is_refunded else "",
            ),
        ),
    )


async def report_release(conn: Connection, event: PledgesReleased) -> None:
    """Tell the supporter that the campaign was not funded, or ended early: nobody is charged."""
    notice = event.notice
    await write(
        conn,
        NewMail(
            kind="campaign_ended" if event.reason == "cancelled" else "not_funded",
            cause=f"{event.campaign}:{notice.supporter_id}",
            campaign=event.campaign,
            address=notice.email,
            language=notice.language,
            facts=telling.facts_of_notice(notice),
        ),
    )


async def explain_late_pledge(conn: Connection, event: PledgeRefused) -> None:
    """Tell somebody whose order came after the count that nothing was pledged."""
    own = RefusedPart(campaign=event.campaign, reason=event.reason)
    if not event.is_told:
        refused = (own, *event.also)
        mail = _not_counted(event.order_id, refused, event.email, event.language, lines=event.lines)
        await write(conn, mail)


async def explain_refused_order(conn: Connection, event: CheckoutRefused) -> None:
    """Tell somebody whose card was saved for nothing that nothing was pledged."""
    own = RefusedPart(campaign=event.campaign, reason=event.reason)
    if not event.is_told:
        refused = (own, *event.also)
        mail = _not_counted(event.order_id, refused, event.email, event.language)
        await write(conn, mail)


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


async def lease_mails(conn: Connection, *, limit: int, lease_seconds: float) -> Batch:
    """Return mails that are this sender's until the lease ends, and what they mention.

    A mail whose first attempt Resend may have forgotten is not offered again by itself:
    it is parked, where an operator finds it.
    """
    claimed = await queries.claim_due_mails(conn, limit=limit, lease_seconds=lease_seconds)
    for mail in claimed:
        if mail.is_overdue:
            await queries.advance_mail(conn, mail, Step(status="parked", edition=mail.edition))
            log.error("mail_parked", mail=mail.mail_id, kind=mail.kind)
    ready = tuple(mail for mail in claimed if not mail.is_overdue)
    return Batch(
        mails=ready,
        campaigns=await definitions.list_campaigns(
            conn, sorted({slug for mail in ready for slug in mail.mentioned})
        ),
        platform=await definitions.read_platform(conn),
    )


async def record_outcome(conn: Connection, mail: Mail, outcome: Outcome) -> StepStatus:
    """Append the outcome of one attempt and move the mail on; return its new status."""
    step = next_step(mail, outcome)
    await queries.append_delivery(conn, mail, outcome)
    if isinstance(outcome, Accepted):
        await queries.finish_mail(conn, mail, resend_id=outcome.resend_id)
    else:
        await queries.advance_mail(conn, mail, step)
    return step.status


async def write(conn: Connection, mail: NewMail) -> None:
    """Write a mail, once for its cause."""
    await write_all(conn, [mail])


async def write_all(conn: Connection, news: Sequence[NewMail]) -> None:
    """Write mails in this order, each once for its cause, and none to who was erased.

    Their links are of the generation that holds by now.
    """
    to = [mail for mail in news if not is_pseudonym(mail.address)]
    known = await link_generations.list_generations(conn, [supporter_id(m.address) for m in to])
    named = {telemetry.new_id(): _linked(mail, known) for mail in to}
    for mail_id in await queries.insert_mails(conn, named):
        log.info("mail_queued", mail=mail_id, kind=named[mail_id].kind)


def _linked(mail: NewMail, generations: Mapping[SupporterId, int]) -> NewMail:
    generation = generations.get(supporter_id(mail.address), mail.facts.link_generation)
    facts = msgspec.structs.replace(
        mail.facts, link_generation=max(generation, mail.facts.link_generation)
    )
    return msgspec.structs.replace(mail, facts=facts)


def _confirmation(event: PledgeCreated) -> NewMail:
    pledge = event.pledge
    return NewMail(
        kind="pledge_confirmed",
        cause=f"{pledge.pledge_id}:{pledge.revision}",
        campaign=pledge.campaign,
        address=pledge.email,
        language=pledge.language,
        facts=msgspec.structs.replace(telling.facts_of_pledge(pledge), refused=event.refused),
    )


def _not_counted(
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
