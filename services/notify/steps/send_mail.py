"""Offer one mail to Resend: between the transaction that leased it and the one that records it."""

import logging

from prometheus_client import Counter

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.notify.domain.letters import Attachment, Letters
from services.notify.domain.mails import (
    Batch,
    Limited,
    Mail,
    Outcome,
    Undecided,
    hold_seconds,
    outcome_name,
)
from services.notify.handlers import deliver_mails, reporting
from services.notify.steps.pacing import Pace
from services.notify.steps.transport import Transport

log = telemetry.logger(__name__)

ATTEMPTS = Counter(
    "notify_mails",
    "Attempts to send a mail, by kind and outcome.",
    ("kind", "outcome"),
    registry=telemetry.REGISTRY,
)


class SendMail:
    """Leases mails that are due and sends each, at the account's pace."""

    def __init__(self, pool: Pool, *, gateway: Transport, letters: Letters, pace: Pace) -> None:
        self._pool = pool
        self._gateway = gateway
        self._letters = letters
        self._pace = pace

    async def take(self, limit: int) -> list[tuple[Mail, Batch]]:
        """Lease mails that are due, one for each recipient; while we are held, none."""
        if self._pace.held_seconds:
            return []
        async with transaction(self._pool) as conn:
            batch = await deliver_mails.lease_mails(
                conn, limit=limit, lease_seconds=self._gateway.lease_seconds
            )
        if batch.mails:
            crash.point("notify.leased")
        return [(mail, batch) for mail in batch.mails]

    async def send(self, mail: Mail, batch: Batch) -> None:
        """Offer a leased mail and record the answer; give it back if there is no turn."""
        try:
            await self._offer(mail, batch)
        except Exception as exc:
            # A letter that cannot be written must not hold up the others of its recipient.
            log.exception("mail_failed", mail=mail.mail_id, kind=mail.kind)
            await self._record(mail, Undecided(code=type(exc).__name__))

    async def _offer(self, mail: Mail, batch: Batch) -> None:
        letter = self._letters.write(
            mail,
            batch.campaign_of(mail),
            batch.platform,
            others=batch.campaigns,
            attachments=await self._files(mail),
        )
        if not await self._pace.turn():
            async with transaction(self._pool) as conn:
                await deliver_mails.give_back(conn, mail, delay_seconds=self._pace.held_seconds)
            return
        outcome = await self._gateway.send(letter, idempotency_key=mail.idempotency_key)
        crash.point("notify.after_send")
        if isinstance(outcome, Limited):
            self._pace.hold(hold_seconds(outcome))
        await self._record(mail, outcome)

    async def _files(self, mail: Mail) -> tuple[Attachment, ...]:
        if mail.facts.report is None or not mail.facts.report.has_file:
            return ()
        async with transaction(self._pool) as conn:
            return (await reporting.file_of(conn, mail.facts.report),)

    async def _record(self, mail: Mail, outcome: Outcome) -> None:
        async with transaction(self._pool) as conn:
            status = await deliver_mails.record_outcome(conn, mail, outcome)
        crash.point("notify.after_record")
        name = outcome_name(outcome)
        ATTEMPTS.labels(mail.kind, name).inc()
        level = logging.INFO if status in ("sent", "queued") else logging.ERROR
        log.log(
            level,
            "mail_attempted",
            mail=mail.mail_id,
            kind=mail.kind,
            attempt=mail.attempts,
            outcome=name,
            reason=outcome.code,
            status=status,
        )
