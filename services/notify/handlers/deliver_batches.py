"""Lease the batches whose turn it is, make new ones, and record what became of each."""

from collections.abc import Sequence

import msgspec

from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.batching import End, Parcel, answer_of, delay_of, ends_of
from services.notify.domain.mails import Accepted, Batch, Limited, Mail, Outcome, outcome_name
from services.notify.queries import batches, definitions
from services.notify.queries.batches import OpenBatch

log = telemetry.logger(__name__)


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """Mails that are one request, and what else it takes to write them."""

    parcel: Parcel
    world: Batch


async def lease_batch(conn: Connection, *, mails_max: int, lease_seconds: float) -> Leased | None:
    """Return a batch that is this sender's until the lease ends: an open one before a new one."""
    batch = await batches.lease_batch(conn, lease_seconds=lease_seconds)
    if batch is None:
        batch = await _new_batch(conn, mails_max=mails_max, lease_seconds=lease_seconds)
    if batch is None:
        return None
    mails = await batches.list_batch(conn, batch.batch_id)
    return Leased(
        parcel=Parcel(
            batch_id=batch.batch_id,
            mails=tuple(mails),
            attempts=batch.attempts,
            first_attempt_at=batch.first_attempt_at,
            claimed_at=batch.claimed_at,
        ),
        world=Batch(
            mails=(),
            campaigns=await definitions.list_campaigns(
                conn, sorted({mail.campaign for mail in mails})
            ),
            platform=await definitions.read_platform(conn),
        ),
    )


async def record_batch(
    conn: Connection, parcel: Parcel, outcomes: Sequence[Outcome], *, remembers_keys: bool
) -> list[End] | None:
    """Append what became of each mail, and end the batch or let it wait; None if it waits."""
    await batches.append_batch_deliveries(
        conn,
        parcel.attempts,
        [_delivery(mail, each) for mail, each in zip(parcel.mails, outcomes, strict=True)],
    )
    ends = ends_of(parcel, outcomes, remembers_keys=remembers_keys)
    if ends is None:
        said = answer_of(outcomes)
        await batches.delay_batch(
            conn,
            parcel.batch_id,
            attempts=parcel.attempts,
            delay_seconds=delay_of(parcel, said),
            is_untouched=isinstance(said, Limited),
        )
        return None
    await batches.close_batch(
        conn, parcel.batch_id, [(each.mail_id, each.status, each.resend_id) for each in ends]
    )
    return ends


async def give_back(conn: Connection, parcel: Parcel, *, delay_seconds: float) -> None:
    """Put a batch back that nobody was asked to send: it costs no attempt."""
    await batches.delay_batch(
        conn,
        parcel.batch_id,
        attempts=parcel.attempts,
        delay_seconds=delay_seconds,
        is_untouched=True,
    )


async def _new_batch(conn: Connection, *, mails_max: int, lease_seconds: float) -> OpenBatch | None:
    """Make one request of the next mails of the oldest broadcast, without who wants none."""
    while queued := await batches.lock_queued(conn, limit=mails_max):
        unwanted = [number for number, _, is_unwanted in queued if is_unwanted]
        if unwanted:
            await batches.withhold(conn, unwanted)
            log.info("mails_withheld", broadcast=queued[0][1], count=len(unwanted))
        numbers = [number for number, _, is_unwanted in queued if not is_unwanted]
        if numbers:
            return await batches.open_batch(
                conn,
                telemetry.new_id(),
                broadcast_id=queued[0][1],
                numbers=numbers,
                lease_seconds=lease_seconds,
            )
    return None


def _delivery(mail: Mail, outcome: Outcome) -> tuple[str, str, str, str | None]:
    resend_id = outcome.resend_id if isinstance(outcome, Accepted) else None
    return mail.mail_id, outcome_name(outcome), outcome.code, resend_id
