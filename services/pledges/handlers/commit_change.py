"""Write a change whose price is known: pledges, history, events and totals, or nothing."""

from collections.abc import Sequence

from contracts.api.pledges import PledgeRecord
from contracts.events.pledges import PledgeModified
from contracts.ids import CampaignSlug
from contracts.magic_link import MagicLink, no_such_pledge
from contracts.pricing import PricedPledge
from contracts.quoting import QuoteRevision
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.domain import pledging, revising
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Campaign, Change, Pledge
from services.pledges.handlers.change_totals import change_totals
from services.pledges.handlers.propose_change import Questions
from services.pledges.handlers.read_pledge import read_pledge
from services.pledges.queries import campaigns, ledger, proposals, revisions


async def commit_change(
    conn: Connection, link: MagicLink, questions: Questions, priced: Sequence[PricedPledge]
) -> PledgeRecord:
    """Write all pledges of the change, their lines of history, events and totals, or nothing."""
    ids = sorted(each.pledge_id for each in questions)
    slugs: list[CampaignSlug] = sorted({each.campaign for each in questions})
    held = await campaigns.lock_campaigns_shared(conn, slugs)
    now = await ledger.lock_pledges(conn, ids)
    if now is None:
        raise no_such_pledge()
    before = {each.pledge_id: each for each in await ledger.list_pledges(conn, ids)}
    changes = [
        revising.modify(before[one.pledge_id], _of(held.campaigns, one), one, price, now=now)
        for one, price in zip(questions, priced, strict=True)
    ]
    for question in questions:
        if not await proposals.mark_committed(conn, question):
            raise revising.changed_meanwhile(before[question.pledge_id])
    await ledger.save_changes(conn, changes)
    await revisions.save_contents(conn, [each.pledge for each in changes])
    await outbox.append_all(
        conn,
        [
            _modified(change, before[one.pledge_id], one)
            for change, one in zip(changes, questions, strict=True)
        ],
    )
    record = await read_pledge(conn, link)
    for slug in slugs:
        changed = [each for each in changes if each.pledge.campaign == slug]
        await change_totals(
            conn,
            slug,
            sum((each.for_totals for each in changed), Figures()),
            pledge_ids=[each.pledge.pledge_id for each in changed],
            now=now,
        )
    return record


def _of(known: dict[CampaignSlug, Campaign], question: QuoteRevision) -> Campaign:
    return known[question.campaign]


def _modified(change: Change, before: Pledge, question: QuoteRevision) -> outbox.Entry:
    pledge = change.pledge
    event = PledgeModified(
        event_id=outbox.new_event_id(),
        occurred_at=change.entry.recorded_at,
        pledge=pledging.snapshot(pledge),
        proposal=question.proposal,
        previous=before.price,
    )
    return outbox.Entry(
        event=event, key=pledge.campaign, aggregate=pledge.pledge_id, version=pledge.revision
    )
