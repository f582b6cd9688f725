"""The mails before a charge and after one: the notice, and money that went back."""

import msgspec

from contracts.events.pledges import PledgesRefunded
from contracts.events.settlement import ChargeNoticeDue
from services.chassis.database import Connection
from services.notify import queries, telling
from services.notify.handlers import write
from services.notify.mails import NewMail


async def give_notice(conn: Connection, event: ChargeNoticeDue) -> None:
    """Tell a supporter that their card is charged soon, with every pledge in the sum.

    A receipt that was written before makes the notice untrue: then there is none.
    """
    notice = event.notice
    if await queries.list_mailed(conn, "payment_confirmed", [min(notice.pledge_ids)]):
        return
    facts = telling.facts_of_notice(notice, reason=event.moment)
    await write(
        conn,
        NewMail(
            kind="charge_notice",
            cause=f"{event.campaign}:{notice.supporter_id}:{event.moment}",
            campaign=event.campaign,
            address=notice.email,
            language=notice.language,
            facts=msgspec.structs.replace(facts, pledges=event.pledges),
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
