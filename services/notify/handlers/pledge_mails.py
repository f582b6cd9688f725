"""The mails about a pledge that was changed, and about links that were lost."""

import msgspec

from contracts.events.pledges import LinksRenewed, PledgeModified
from services.chassis.database import Connection
from services.notify import telling
from services.notify.handlers import write
from services.notify.mails import Facts, NewMail
from services.notify.queries import link_generations


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
            facts=msgspec.structs.replace(facts, before_cents=event.previous.total_cents),
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
