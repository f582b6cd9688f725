"""Keep what the ledger says, and turn each request for money into one charge."""

from collections.abc import Sequence

from contracts.events.campaigns import PlatformPublished
from contracts.events.pledges import (
    CampaignClosed,
    ChargeRequested,
    PledgeCancelled,
    PledgeCreated,
    PledgeModified,
    PledgeSnapshot,
)
from contracts.events.settlement import ChargeDue
from contracts.ids import ChargeId
from services.chassis import outbox, telemetry
from services.chassis.database import Connection
from services.chassis.early import NotYet
from services.settlement import charging
from services.settlement.handlers.give_notice import notice_close
from services.settlement.queries import campaigns, charges, copies, notices, recovery
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
    await notices.save_copies(conn, pledges)


async def keep_platform(conn: Connection, event: PlatformPublished) -> None:
    """Keep how long a recovery lasts."""
    await campaigns.save_platform(conn, event.definition)


async def keep_closing(conn: Connection, event: CampaignClosed) -> None:
    """Keep the final count: without it nothing of the campaign is charged."""
    await copies.save_closing(conn, event)


async def request_charge(conn: Connection, event: ChargeRequested) -> None:
    """Write the one charge of this supporter, campaign and purpose, and wake a charger.

    The same request under another event id changes nothing; another sum under the same
    key is a contradiction nobody but a person can resolve.
    """
    closing = await copies.find_closing(conn, event.campaign)
    if closing is None:
        raise NotYet(f"{event.campaign} is not closed here")
    if not closing.is_funded:
        raise RequestRefused(f"{event.campaign} is not funded")
    charge_id = ChargeId(f"chg_{telemetry.new_id()}")
    parameters = charging.create_parameters(charge_id, event)
    if not await charges.insert_charge(conn, charge_id, event, parameters):
        asked = await charges.find_asked(conn, event)
        if asked != (event.amount_cents, event.currency):
            raise RequestRefused(f"{event.campaign}: asked for another sum than before")
        return
    await recovery.take_newer_copy(conn, charge_id)
    await queue(conn, Queued(charge_id, event.campaign, 1))
    await notice_close(conn, event)


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
