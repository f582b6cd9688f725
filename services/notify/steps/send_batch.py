"""Offer a batch of news: between the transaction that leased it and the one that records it."""

import asyncio
from collections import Counter as Tally

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.notify.domain.batching import answer_of
from services.notify.domain.letters import Letter, Letters
from services.notify.domain.mails import (
    Limited,
    Outcome,
    Rejected,
    Undecided,
    hold_seconds,
    outcome_name,
)
from services.notify.handlers import deliver_batches
from services.notify.handlers.deliver_batches import Leased
from services.notify.steps.pacing import Pace
from services.notify.steps.send_mail import ATTEMPTS
from services.notify.steps.transport import Transport

log = telemetry.logger(__name__)


class SendBatch:
    """Leases a batch and sends it by one request, at the account's pace."""

    def __init__(self, pool: Pool, *, gateway: Transport, letters: Letters, pace: Pace) -> None:
        self._pool = pool
        self._gateway = gateway
        self._letters = letters
        self._pace = pace

    async def take(self) -> Leased | None:
        """Lease a batch; None when nothing is due, or while we are held."""
        if self._pace.held_seconds:
            return None
        async with transaction(self._pool) as conn:
            leased = await deliver_batches.lease_batch(
                conn,
                mails_max=self._gateway.batch_max,
                lease_seconds=self._gateway.lease_seconds,
            )
        if leased is not None:
            crash.point("notify.batch_leased")
        return leased

    async def send(self, leased: Leased) -> None:
        """Offer a leased batch and record the answer; let it wait if there is no turn."""
        parcel = leased.parcel
        # Written before it is our turn: what it takes to write a hundred differs each time.
        letters = await self._written(leased)
        if not await self._pace.turn():
            async with transaction(self._pool) as conn:
                await deliver_batches.give_back(conn, parcel, delay_seconds=self._pace.held_seconds)
            return
        outcomes: list[Outcome]
        is_known = self._gateway.remembers_keys and not parcel.is_overdue
        if parcel.attempts > 1 and not is_known:
            # Somebody died with it, or nobody was there for a day: it may have arrived, and
            # nobody would know a repeat for one.
            outcomes = [Undecided(code="interrupted")] * len(parcel.mails)
        else:
            outcomes = await self._offer(parcel.batch_id, letters)
        crash.point("notify.after_batch")
        limited = [each for each in outcomes if isinstance(each, Limited)]
        if limited:
            self._pace.hold(max(hold_seconds(each) for each in limited))
        async with transaction(self._pool) as conn:
            ends = await deliver_batches.record_batch(
                conn, parcel, outcomes, remembers_keys=self._gateway.remembers_keys
            )
        crash.point("notify.after_batch_record")
        for name, count in Tally(outcome_name(each) for each in outcomes).items():
            ATTEMPTS.labels(parcel.mails[0].kind, name).inc(count)
        log.info(
            "batch_attempted",
            batch=parcel.batch_id,
            attempt=parcel.attempts,
            mails=len(parcel.mails),
            reason=answer_of(outcomes).code,
            ended=dict(Tally(each.status for each in ends)) if ends is not None else {},
        )

    async def _written(self, leased: Leased) -> list[Letter | Rejected]:
        """Return the batch's letters, in order; what can't be written is refused by itself."""
        world = leased.world
        letters: list[Letter | Rejected] = []
        for mail in leased.parcel.mails:
            # Whose turn it is meanwhile need not wait for all of them.
            await asyncio.sleep(0)
            try:
                letters.append(
                    self._letters.write(mail, world.campaigns[mail.campaign], world.platform)
                )
            except Exception as exc:
                # A letter that cannot be written must not hold up the ninety-nine others.
                log.exception("mail_failed", mail=mail.mail_id, kind=mail.kind)
                letters.append(Rejected(code=type(exc).__name__))
        return letters

    async def _offer(self, batch_id: str, letters: list[Letter | Rejected]) -> list[Outcome]:
        """Offer what could be written; return what became of each, in order."""
        good = [each for each in letters if isinstance(each, Letter)]
        answers = iter(
            await self._gateway.send_many(good, idempotency_key=batch_id) if good else ()
        )
        return [next(answers) if isinstance(each, Letter) else each for each in letters]
