"""Offer a batch of news: between the transaction that leased it and the one that records it."""

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
            outcomes = await self._offer(leased)
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

    async def _offer(self, leased: Leased) -> list[Outcome]:
        parcel, world = leased.parcel, leased.world
        letters: dict[int, Letter] = {}
        outcomes: list[Outcome | None] = [None] * len(parcel.mails)
        for index, mail in enumerate(parcel.mails):
            try:
                letters[index] = self._letters.write(
                    mail, world.campaigns[mail.campaign], world.platform
                )
            except Exception as exc:
                # A letter that cannot be written must not hold up the ninety-nine others.
                log.exception("mail_failed", mail=mail.mail_id, kind=mail.kind)
                outcomes[index] = Rejected(code=type(exc).__name__)
        if letters:
            answers = await self._gateway.send_many(
                list(letters.values()), idempotency_key=parcel.batch_id
            )
            for index, answer in zip(letters, answers, strict=True):
                outcomes[index] = answer
        return [each for each in outcomes if each is not None]
