"""The mails before a charge and after one: the notice, and money that went back."""

from collections.abc import Sequence

import msgspec

from contracts.events.pledges import PledgesRefunded
from contracts.events.settlement import ChargeNoticeDue
from services.chassis.database import Connection
from services.notify import queries, telling
from services.notify.handlers import write, write_all
from services.notify.mails import NewMail


async def give_notice(conn: Connection, event: ChargeNoticeDue) -> None:
    """Tell a supporter that their card is charged soon, with every pledge in the sum."""
    await give_notices(conn, [event])


async def give_notices(conn: Connection, events: Sequence[ChargeNoticeDue]) -> None:
    """Tell many supporters: rows as arrays.

    A receipt that was written before makes a notice untrue: then there is none.
    """
    firsts = [min(each.notice.pledge_ids) for each in events]
    charged = await queries.list_mailed(conn, "payment_confirmed", firsts)
    news = [
        _notice(event) for event, first in zip(events, firsts, strict=True) if first not in charged
    ]
    if news:
        await write_all(conn, news)


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
