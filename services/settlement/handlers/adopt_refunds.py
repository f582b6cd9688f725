"""Make our refunds what Stripe's list says they are, also those somebody made there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from contracts.events.settlement import Refunded
from contracts.ids import PledgeId
from contracts.money import Cents
from services.chassis.events import outbox
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.settlement.domain.money_back import Paid, StripeRefund
from services.settlement.queries import refund_sending, refunds
from services.settlement.queries.refund_sending import Kept

log = telemetry.logger(__name__)


async def adopt_refunds(conn: Connection, paid: Paid, found: Sequence[StripeRefund]) -> None:
    """Adopt every refund of a payment, the oldest first. Nothing is told twice."""
    for refund in sorted(found, key=lambda each: (each.created_at, each.stripe_refund_id)):
        await adopt_refund(conn, paid, refund)


async def adopt_refund(conn: Connection, paid: Paid, found: StripeRefund) -> None:
    """Adopt one refund: it returned money, or had returned it and failed."""
    kept = await refund_sending.find_kept(conn, found, paid.charge_id)
    if kept is None:
        if found.state == "failed":
            # It came and went before we heard of it: nothing moved.
            return
        kept = await _adopt_foreign(conn, paid, found)
    if kept.status in ("failed", "refused", found.state):
        return
    if kept.status == "succeeded" and found.state == "pending":
        # What was read before the answer that we have by now.
        return
    is_begun = kept.version > 0
    if found.state == "failed":
        await refunds.give_room(conn, paid.charge_id, kept.amount_cents)
    is_told = is_begun if found.state == "failed" else not is_begun
    version = kept.version + is_told
    at = await refund_sending.advance(conn, kept, found, version=version)
    if is_told:
        state: Literal["returned", "failed"] = "failed" if is_begun else "returned"
        await _tell(conn, paid, kept, state, version=version, at=at)


async def _adopt_foreign(conn: Connection, paid: Paid, found: StripeRefund) -> Kept:
    number = await refunds.take_room(conn, paid, found.amount_cents)
    if number is None:
        # Ours that Stripe will refuse now still holds the room: once it is refused, again.
        raise NoRoom(f"{found.stripe_refund_id} is more than is left of {paid.charge_id}")
    refund_id = f"rf_{telemetry.new_id()}"
    await refund_sending.insert_adopted(conn, refund_id, paid, number, found)
    log.warning("refund_made_elsewhere", charge=paid.charge_id, refund=found.stripe_refund_id)
    return Kept(
        refund_id=refund_id,
        charge_id=paid.charge_id,
        pledge_id=None,
        amount_cents=found.amount_cents,
        # Not yet told of, whatever it is by now.
        status="new",
        stripe_refund_id=found.stripe_refund_id,
        version=0,
    )


class NoRoom(Exception):
    """More would have gone back than was charged. What we know is wrong, or early."""


async def _tell(
    conn: Connection,
    paid: Paid,
    kept: Kept,
    state: Literal["returned", "failed"],
    *,
    version: int,
    at: datetime,
) -> None:
    event = Refunded(
        event_id=outbox.new_event_id(),
        occurred_at=at,
        refund_id=kept.refund_id,
        charge_id=paid.charge_id,
        campaign=paid.campaign,
        supporter_id=paid.supporter_id,
        purpose=paid.purpose,
        state=state,
        amount_cents=Cents(kept.amount_cents),
        currency=paid.currency,
        pledge_id=None if kept.pledge_id is None else PledgeId(kept.pledge_id),
        refunded_at=at,
    )
    await outbox.append(
        conn, event, key=paid.campaign, aggregate=f"refund:{kept.refund_id}", version=version
    )
    log.info("refunded", charge=paid.charge_id, refund=kept.refund_id, state=state)
