"""The mails about a pledge: made, changed, withdrawn, released; and links that were lost."""

from collections.abc import Sequence

import msgspec

from contracts.events.pledges import (
    LinksRenewed,
    PledgeCancelled,
    PledgeCreated,
    PledgeModified,
    PledgesReleased,
)
from services.chassis.storage.database import Connection
from services.notify.domain import telling
from services.notify.domain.facts import Facts
from services.notify.domain.mails import NewMail
from services.notify.handlers.refusal_mails import not_counted
from services.notify.handlers.write_mail import write, write_all
from services.notify.queries import audiences, link_generations, mails


async def confirm_pledge(conn: Connection, event: PledgeCreated) -> None:
    """Tell the supporter what was pledged, on what condition, and how to get back to it."""
    await confirm_pledges(conn, [event])


async def confirm_pledges(conn: Connection, events: Sequence[PledgeCreated]) -> None:
    """Tell many supporters: rows as arrays.

    It names what else of the order was refused: an order has one mail. A confirmation that
    is heard after the cancellation would be false: then only what was refused is told.
    """
    await audiences.save_pledges(conn, [each.pledge for each in events])
    ids = [each.pledge.pledge_id for each in events]
    cancelled = await mails.list_mailed(conn, "pledge_cancelled", ids)
    news: list[NewMail] = []
    for event in events:
        pledge = event.pledge
        if pledge.pledge_id not in cancelled:
            news.append(_confirmation(event))
        elif event.refused:
            news.append(not_counted(pledge.order_id, event.refused, pledge.email, pledge.language))
    await write_all(conn, news)


async def confirm_change(conn: Connection, event: PledgeModified) -> None:
    """Tell the supporter what the pledge is now, and what it was before."""
    pledge = event.pledge
    facts = telling.facts_of_pledge(pledge)
    await write(
        conn,
        NewMail(
            kind="pledge_modified",
            cause=f"{pledge.pledge_id}:{pledge.revision}",
            campaign=pledge.campaign,
            address=pledge.email,
            language=pledge.language,
            facts=msgspec.structs.replace(
                facts,
                before_cents=event.previous.total_cents,
                before_subtotal_cents=event.previous.subtotal_cents,
            ),
        ),
    )


async def confirm_cancellation(conn: Connection, event: PledgeCancelled) -> None:
    """Tell the supporter that the pledge is withdrawn and the card not charged. No news follows."""
    pledge = event.pledge
    await audiences.save_pledges(conn, [pledge])
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


async def send_links(conn: Connection, event: LinksRenewed) -> None:
    """Send a fresh link to each pledge. Every mail that is written from here on has such links."""
    await link_generations.save_generation(conn, event.supporter_id, event.generation)
    await write(
        conn,
        NewMail(
            kind="your_links",
            cause=f"{event.supporter_id}:{event.generation}",
            campaign=event.pledges[0].campaign,
            address=event.email,
            language=event.language,
            facts=Facts(opened=event.pledges, link_generation=event.generation),
        ),
    )


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
