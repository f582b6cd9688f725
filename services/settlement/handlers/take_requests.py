"""Keep what the ledger says, and turn each request for money into one charge."""

from collections.abc import Sequence

from contracts.events.pledges import (
    CampaignClosed,
    ChargeRequested,
    PledgeCancelled,
    PledgeCreated,
    PledgeModified,
    PledgeSnapshot,
)
from contracts.events.settlement import ChargeDue
from services.chassis.events import outbox
from services.chassis.events.early import NotYet
from services.chassis.storage.database import Connection
from services.settlement.domain import charging
from services.settlement.handlers.give_notice import notice_close
from services.settlement.queries import charges, copies, notices, recovery
from services.settlement.queries.charges import NewCharge
from services.settlement.queries.rounds import Queued


class RequestRefused(Exception):
    """The ledger asks for something that must not be charged. An operator has to look."""


async def keep_pledge(
    conn: Connection,
    event: PledgeCreated | PledgeModified | PledgeCancelled,
) -> None:
    """Keep the pledge for the forecast, and for what its supporter is told before a charge."""
    await _keep(conn, [event.pledge])


async def keep_pledges(conn: Connection, events: Sequence[PledgeCreated]) -> None:
    """Keep many new pledges: rows as arrays."""
    await _keep(conn, [each.pledge for each in events])


async def _keep(conn: Connection, pledges: Sequence[PledgeSnapshot]) -> None:
    await copies.save_copies(conn, pledges)
    await notices.save_snapshots(conn, pledges)


async def keep_closing(conn: Connection, event: CampaignClosed) -> None:
    """Keep the final count: without it nothing of the campaign is charged."""
    await copies.save_closing(conn, event)


async def request_charge(conn: Connection, event: ChargeRequested) -> None:
    """Write the one charge of this supporter, campaign and purpose, and wake a charger."""
    await request_charges(conn, [event])


async def request_charges(conn: Connection, events: Sequence[ChargeRequested]) -> None:
    """Write the charges that are asked for, each once, and wake chargers: rows as arrays.

    The same request under another event id changes nothing; another sum under the same
    key is a contradiction nobody but a person can resolve.
    """
    for slug in sorted({each.campaign for each in events}):
        closing = await copies.find_closing(conn, slug)
        if closing is None:
            raise NotYet(f"{slug} is not closed here")
        if not closing.is_funded:
            raise RequestRefused(f"{slug} is not funded")
    asked = [_charge_of(each) for each in events]
    new = await charges.insert_charges(conn, asked)
    for each in asked:
        request = each.request
        if each.charge_id not in new and await charges.find_asked(conn, request) != (
            request.amount_cents,
            request.currency,
        ):
            raise RequestRefused(f"{request.campaign}: asked for another sum than before")
    begun = [each for each in asked if each.charge_id in new]
    if begun:
        await recovery.take_newer_copies(conn, sorted(new))
        await _queue_all(conn, begun)
        await notice_close(conn, [each.request for each in begun])


def _charge_of(request: ChargeRequested) -> NewCharge:
    charge_id = charging.charge_id_of(request)
    return NewCharge(charge_id, request, charging.create_parameters(charge_id, request))


async def _queue_all(conn: Connection, begun: Sequence[NewCharge]) -> None:
    now = await charges.platform_now(conn)
    await outbox.append_all(
        conn,
        [
            outbox.Entry(
                event=ChargeDue(
                    event_id=outbox.new_event_id(),
                    occurred_at=now,
                    charge_id=each.charge_id,
                    campaign=each.request.campaign,
                ),
                key=each.request.campaign,
                aggregate=each.charge_id,
                version=1,
                caused_by=each.request.event_id,
            )
            for each in begun
        ],
    )


async def queue(conn: Connection, queued: Queued) -> None:
    """Put a wake-up for a charge into the outbox."""
    now = await charges.platform_now(conn)
    event = ChargeDue(
        event_id=outbox.new_event_id(),
        occurred_at=now,
        charge_id=queued.charge_id,
        campaign=queued.campaign,
    )
    await outbox.append(
        conn,
        event,
        key=queued.campaign,
        aggregate=queued.charge_id,
        version=queued.version,
    )
