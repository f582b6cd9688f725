"""Record charges that succeeded and what they cost, many by one call, each once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.events.pledges import PledgesCharged
from contracts.events.settlement import ChargeSucceeded, FeesKnown
from contracts.ids import CampaignSlug, PledgeId
from services.chassis.events import outbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.pledges.domain import paying, pledging, returning
from services.pledges.domain.figures import Figures
from services.pledges.domain.pledge import Change, ChargeRequest, Pledge
from services.pledges.handlers.change_totals import change_totals
from services.pledges.queries import campaigns, ledger, money
from services.pledges.queries.requests import RequestKey, lock_charge_requests

Payment = ChargeSucceeded | FeesKnown


class _Asked(msgspec.Struct, frozen=True):
    """What was asked, the pledges it names as they stand, and when all of it was locked."""

    requests: dict[RequestKey, ChargeRequest]
    pledges: dict[PledgeId, Pledge]
    now: datetime

    def named(self, event: Payment) -> list[Pledge]:
        """Return the pledges an event is about, the oldest first, as every list of them."""
        found = [self.pledges[each] for each in self.requests[_key(event)].pledge_ids]
        return sorted(found, key=lambda each: (each.created_at, each.pledge_id))


async def record_success(conn: Connection, event: ChargeSucceeded) -> None:
    """Mark the pledges of a charge as charged. A copy of the news changes nothing."""
    await record_payments(conn, [event])


async def record_fees(conn: Connection, event: FeesKnown) -> None:
    """Share the actual fee over the pledges of a charge. A copy changes nothing."""
    await record_payments(conn, [event])


async def record_payments(conn: Connection, events: Sequence[Payment]) -> None:
    """Apply successes and fees in their order: rows as arrays, each totals row once and last.

    A fee finds its charge paid by an event before it in the same call, too.
    """
    asked = await _lock_what_was_asked(conn, events)
    changes: dict[CampaignSlug, list[Change]] = defaultdict(list)
    told: list[outbox.Entry] = []
    moved: list[returning.Money] = []
    for event in events:
        if isinstance(event, FeesKnown):
            moved += _shares(event, asked)
        elif made := _charge(event, asked):
            changes[event.campaign] += made
            told.append(_told(event, made, asked.now))
    if told:
        await ledger.save_changes(conn, [each for made in changes.values() for each in made])
    if moved:
        await money.insert_moved(conn, moved, asked.now)
    if told:
        await outbox.append_all(conn, told)
    for campaign in sorted(changes):
        await change_totals(
            conn,
            campaign,
            sum((each.for_totals for each in changes[campaign]), Figures()),
            pledge_ids=[each.pledge.pledge_id for each in changes[campaign]],
            now=asked.now,
        )


async def _lock_what_was_asked(conn: Connection, events: Sequence[Payment]) -> _Asked:
    """Lock the campaigns, the requests and their pledges, in this order, as everybody does."""
    slugs = sorted({each.campaign for each in events})
    held = await campaigns.lock_campaigns_shared(conn, slugs)
    requests = await lock_charge_requests(conn, map(_key, events))
    for event in events:
        if event.campaign not in held.campaigns or _key(event) not in requests:
            raise NotYet(f"no charge of {event.campaign} was asked for this supporter")
    pledge_ids = sorted({each for request in requests.values() for each in request.pledge_ids})
    now = await ledger.lock_pledges(conn, pledge_ids)
    assert now is not None, "a request names pledges"
    pledges = await ledger.list_pledges(conn, pledge_ids)
    return _Asked(requests, {each.pledge_id: each for each in pledges}, now)


def _charge(event: ChargeSucceeded, asked: _Asked) -> list[Change]:
    """Return what a success changes; what comes after it in the same call finds it done."""
    amount = asked.requests[_key(event)].amount_cents
    if amount != event.amount_cents:
        raise pledging.LedgerFault(
            f"{event.charge_id} is over {event.amount_cents}, asked were {amount}"
        )
    made = [
        change
        for pledge in asked.named(event)
        if (change := paying.charge(pledge, event, now=asked.now)) is not None
    ]
    asked.pledges.update({each.pledge.pledge_id: each.pledge for each in made})
    return made


def _shares(event: FeesKnown, asked: _Asked) -> list[returning.Money]:
    paid = sorted(asked.named(event), key=lambda each: each.pledge_id)
    if any(each.charge_id != event.charge_id for each in paid):
        raise NotYet(f"{event.charge_id} is not known to be paid")
    return returning.fees(event, paid)


def _told(event: ChargeSucceeded, made: Sequence[Change], now: datetime) -> outbox.Entry:
    told = PledgesCharged(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        campaign=event.campaign,
        notice=pledging.notice([each.pledge for each in made]),
        charged_at=event.succeeded_at,
    )
    return outbox.Entry(
        event=told,
        key=event.campaign,
        aggregate=f"{event.campaign}:{told.notice.supporter_id}",
        version=max(each.pledge.revision for each in made),
        caused_by=event.event_id,
    )


def _key(event: Payment) -> RequestKey:
    return RequestKey(event.campaign, event.supporter_id, event.purpose)
