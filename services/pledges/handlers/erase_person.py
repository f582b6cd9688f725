"""Forget a person: withdraw what can be withdrawn, and take their name off everything else."""

from datetime import datetime
from itertools import groupby

import msgspec

from contracts.events.pledges import PledgeCancelled, PledgeErased
from contracts.ids import PledgeId, canonical_email, pseudonym
from contracts.magic_link import MagicLink, no_such_pledge
from services.chassis.events import outbox
from services.chassis.storage.database import Connection
from services.pledges.domain import erasing, pledging
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Change
from services.pledges.handlers.announce_close import announce_releases_of
from services.pledges.handlers.change_totals import change_totals
from services.pledges.queries import campaigns, forgetting, ledger, records, revisions


class Erased(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of somebody's pledges: all of them erased, some withdrawn before."""

    success: bool
    message: str
    erased: tuple[PledgeId, ...]
    cancelled: tuple[PledgeId, ...]


async def erase_person(conn: Connection, link: MagicLink, *, order_id: str | None) -> Erased:
    """Erase the person a link was sent to, in every campaign they backed.

    Refused while a charge of theirs may be under way. Amounts, dates and what was chosen
    stay under a pseudonym: they are the campaigns' books.
    """
    pledging.require_own(link, order_id)
    own = next(iter(await ledger.list_pledges(conn, [link.pledge_id])), None)
    if own is None or erasing.is_erased(own):
        raise no_such_pledge()
    pledging.require_holder(own, link)
    ids = await records.list_ids_of(conn, own.supporter_id)
    slugs = sorted({each.campaign for each in await ledger.list_pledges(conn, ids)})
    held = await campaigns.lock_campaigns_shared(conn, slugs)
    now = await ledger.lock_pledges(conn, ids)
    assert now is not None, "the link's own pledge is there"
    pledges = await ledger.list_pledges(conn, ids)
    for each in pledges:
        erasing.require_decided(each, held.campaigns[each.campaign], now=now)
    await announce_releases_of(conn, own.supporter_id, now=now)
    withdrawn: list[Change] = []
    erased: list[Change] = []
    for each in pledges:
        standing = each
        if each.status == "active":
            change = pledging.cancel(each, held.campaigns[each.campaign], now=now)
            await ledger.save_changes(conn, [change])
            withdrawn.append(change)
            standing = change.pledge
        if not erasing.is_erased(standing):
            erased.append(erasing.erase(standing, now=now))
    await _forget(conn, erased, canonical_email(own.email))
    await _tell(conn, withdrawn, erased, email=canonical_email(own.email))
    await _take_away(conn, withdrawn, now=now)
    return Erased(
        success=True,
        message="Your data is erased.",
        erased=tuple(each.pledge.pledge_id for each in erased),
        cancelled=tuple(each.pledge.pledge_id for each in withdrawn),
    )


async def _forget(conn: Connection, erased: list[Change], email: str) -> None:
    await ledger.save_changes(conn, erased)
    await revisions.save_contents(conn, [each.pledge for each in erased])
    for each in erased:
        await forgetting.forget_history(conn, each.pledge.pledge_id, erasing.BLANK_CARD)
    supporter = erased[0].pledge.supporter_id
    await forgetting.forget(conn, supporter, email=email, pseudonym=pseudonym(supporter))


async def _take_away(conn: Connection, withdrawn: list[Change], *, now: datetime) -> None:
    """Take what was withdrawn out of the totals, once per campaign: a person leaves it once."""
    ordered = sorted(withdrawn, key=lambda change: change.pledge.campaign)
    for campaign, group in groupby(ordered, key=lambda change: change.pledge.campaign):
        gone = list(group)
        await change_totals(
            conn,
            campaign,
            sum((change.for_totals for change in gone), Figures()),
            pledge_ids=[change.pledge.pledge_id for change in gone],
            now=now,
        )


async def _tell(
    conn: Connection, withdrawn: list[Change], erased: list[Change], *, email: str
) -> None:
    """Say who withdrew, as ever, and then whom everybody has to forget."""
    entries = [
        outbox.Entry(
            event=PledgeCancelled(
                event_id=outbox.new_event_id(),
                occurred_at=each.entry.recorded_at,
                pledge=pledging.snapshot(each.pledge),
            ),
            key=each.pledge.campaign,
            aggregate=each.pledge.pledge_id,
            version=each.pledge.revision,
        )
        for each in withdrawn
    ]
    entries += [
        outbox.Entry(
            event=PledgeErased(
                event_id=outbox.new_event_id(),
                occurred_at=each.entry.recorded_at,
                pledge_id=each.pledge.pledge_id,
                order_id=each.pledge.order_id,
                campaign=each.pledge.campaign,
                supporter_id=each.pledge.supporter_id,
                email=email,
            ),
            key=each.pledge.campaign,
            aggregate=each.pledge.pledge_id,
            version=each.pledge.revision,
        )
        for each in erased
    ]
    await outbox.append_all(conn, entries)
