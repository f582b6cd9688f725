"""The mails around a charge: the notice before it, receipt or decline, and money that went back."""

from collections.abc import Sequence

import msgspec

from contracts.events.pledges import (
    PledgesCharged,
    PledgesChargeFailed,
    PledgesLost,
    PledgesRecoveryReminded,
    PledgesRefunded,
)
from contracts.events.settlement import ChargeNoticeDue
from services.chassis.storage.database import Connection
from services.notify.domain import telling
from services.notify.domain.mails import NewMail
from services.notify.handlers.write_mail import write, write_all
from services.notify.queries import mails


async def give_notice(conn: Connection, event: ChargeNoticeDue) -> None:
    """Tell a supporter that their card is charged soon, with every pledge in the sum."""
    await give_notices(conn, [event])


async def give_notices(conn: Connection, events: Sequence[ChargeNoticeDue]) -> None:
    """Tell many supporters: rows as arrays.

    A receipt that was written before makes a notice untrue: then there is none.
    """
    firsts = [min(each.notice.pledge_ids) for each in events]
    charged = await mails.list_mailed(conn, "payment_confirmed", firsts)
    news = [
        _notice(event) for event, first in zip(events, firsts, strict=True) if first not in charged
    ]
    if news:
        await write_all(conn, news)


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


async def report_refund(conn: Connection, event: PledgesRefunded) -> None:
    """Tell a supporter that money is on its way back, or that their bank sent it to us again."""
    notice = event.notice
    facts = telling.facts_of_notice(notice, happened_at=event.refunded_at)
    await write(
        conn,
        NewMail(
            kind="refund_failed" if event.state == "failed" else "refunded",
            cause=event.refund_id,
            campaign=event.campaign,
            address=notice.email,
            language=notice.language,
            facts=msgspec.structs.replace(
                facts, refund_cents=event.amount_cents, returned_cents=event.returned_cents
            ),
        ),
    )


def _notice(event: ChargeNoticeDue) -> NewMail:
    notice = event.notice
    facts = telling.facts_of_notice(notice, reason=event.moment)
    return NewMail(
        kind="charge_notice",
        cause=f"{event.campaign}:{notice.supporter_id}:{event.moment}",
        campaign=event.campaign,
        address=notice.email,
        language=notice.language,
        facts=msgspec.structs.replace(facts, pledges=event.pledges),
    )
