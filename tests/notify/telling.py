"""Telling notify what happened, as its inbox would."""

from datetime import UTC, datetime
from typing import Any

from contracts.events.base import Event
from contracts.events.pledges import (
    PledgeCancelled,
    PledgeCreated,
    PledgeRefused,
    PledgesCharged,
    PledgesChargeFailed,
    PledgesRefunded,
    PledgesReleased,
)
from contracts.events.settlement import ChargeNoticeDue, NoticedPledge
from contracts.ids import PledgeId
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.storage.database import Connection, Pool, transaction
from services.notify.consumers import listeners
from tests.notify.samples import (
    AFTER_THE_END,
    EMAIL,
    FRAME,
    ORDER,
    PLEDGE,
    SLUG,
    a_card_notice,
    a_notice,
    a_pledge,
)

HANDLERS = {event: each for one in listeners() for event, each in one.handlers.by_type.items()}
NOW = datetime(2026, 11, 27, 18, 30, tzinfo=UTC)


def told(shape: type[Event], **facts: Any) -> Any:
    """Return an event, with an id of its own each time."""
    return shape(event_id=outbox.new_event_id(), occurred_at=NOW, **facts)


def _refund(state: str) -> Any:
    return told(
        PledgesRefunded,
        campaign=SLUG,
        notice=a_notice(),
        refund_id="rf_1",
        state=state,
        amount_cents=Cents(1_000),
        returned_cents=Cents(1_000),
        refunded_at=AFTER_THE_END,
    )


def charge_notice(moment: str = "two_days") -> Any:
    """Return the news that a card is charged soon."""
    return told(
        ChargeNoticeDue,
        campaign=SLUG,
        moment=moment,
        deadline_at=AFTER_THE_END,
        notice=a_notice(),
        pledges=(NoticedPledge(pledge_id=PLEDGE, total_cents=Cents(7_637)),),
    )


def every_event() -> list[Any]:
    """Return one of each event that causes a mail."""
    return [
        told(PledgeCreated, pledge=a_pledge()),
        told(PledgeCancelled, pledge=a_pledge(status="cancelled", revision=2)),
        told(PledgesCharged, campaign=SLUG, notice=a_notice(), charged_at=AFTER_THE_END),
        told(
            PledgesChargeFailed,
            campaign=SLUG,
            notice=a_notice(),
            failed_at=AFTER_THE_END,
            decline_code="do_not_honor",
        ),
        told(PledgesReleased, campaign=SLUG, notice=a_notice()),
        told(PledgesReleased, campaign=SLUG, notice=a_notice(), reason="cancelled"),
        *(_refund(state) for state in ("returned", "failed")),
        a_card_notice(),
        a_card_notice(reason="unusable", days_left=2),
        told(
            PledgeRefused,
            pledge_id=PLEDGE,
            order_id=ORDER,
            campaign=SLUG,
            email=EMAIL,
            language="en",
            lines=(FRAME,),
        ),
    ]


async def tell(pool: Pool, *events: Any) -> None:
    """Apply events as the inbox does, each in a transaction."""
    for event in events:
        async with transaction(pool) as conn:
            await HANDLERS[type(event)](conn, event)


async def pledge(pool: Pool, name: str, *, email: str = "noor@halfmoon.example") -> None:
    """Let the ledger tell of a pledge."""
    await tell(pool, told(PledgeCreated, pledge=a_pledge(pledge_id=PledgeId(name), email=email)))


async def mails(pool: Pool) -> list[Any]:
    """Return every mail, oldest first."""
    return await pool.fetch("SELECT * FROM mails ORDER BY mail_number")


async def make_due(owner: Connection) -> None:
    """Let the time pass that a mail or a lease still has to wait."""
    await owner.execute("UPDATE mails SET next_attempt_at = clock_timestamp()")


async def outcomes(pool: Pool) -> list[str]:
    """Return the delivery record, oldest first."""
    rows = await pool.fetch("SELECT outcome FROM deliveries ORDER BY delivery_id")
    return [row["outcome"] for row in rows]
