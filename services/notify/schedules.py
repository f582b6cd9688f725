"""The sender: takes mails whose turn it is, offers them to Resend, records the answer.

No transaction is open while Resend is asked. A process that dies between the call and
the record leaves a lease behind; when it ends the same mail is offered again under the
same key, and Resend answers as it did before.
"""

import logging
import time

from prometheus_client import Counter, Gauge

from services.chassis import crash, telemetry
from services.chassis.database import Pool, transaction
from services.chassis.leader import tick_as_leader
from services.chassis.steady import Steady
from services.notify import handlers, queries
from services.notify.handlers import forgetting
from services.notify.letters import Letters
from services.notify.mails import (
    Batch,
    Limited,
    Mail,
    Outcome,
    Undecided,
    hold_seconds,
    outcome_name,
)
from services.notify.pacing import Pace
from services.notify.queries import overview
from services.notify.resend_gateway import ResendGateway

log = telemetry.logger(__name__)

LEASE_SECONDS = 30.0
EVERY_SECONDS = 0.25
COUNT_SECONDS = 10.0
JOB = "notify-sender"
FORGET_SECONDS = 5.0
ROUNDS_MAX = 20

ATTEMPTS = Counter(
    "notify_mails",
    "Attempts to send a mail, by kind and outcome.",
    ("kind", "outcome"),
    registry=telemetry.REGISTRY,
)
WAITING = Gauge(
    "notify_mails_waiting", "Mails not sent yet, by kind.", ("kind",), registry=telemetry.REGISTRY
)
STUCK = Gauge(
    "notify_mails_stuck",
    "Mails only a person can help: undeliverable or parked, by kind.",
    ("kind", "status"),
    registry=telemetry.REGISTRY,
)
OLDEST = Gauge(
    "notify_oldest_waiting_seconds",
    "Age of the oldest mail not sent yet.",
    registry=telemetry.REGISTRY,
)

FORGOTTEN = Counter(
    "notify_mails_forgotten",
    "Mails that lost a recipient who asked to be forgotten.",
    registry=telemetry.REGISTRY,
)


async def forget(pool: Pool) -> None:
    """Forget for ever, in one process at a time, what those who asked for it were sent."""

    async def tick() -> None:
        for _ in range(ROUNDS_MAX):
            async with transaction(pool) as conn:
                gone = await forgetting.forget_what_is_done(conn)
            FORGOTTEN.inc(gone)
            if not gone:
                break

    await tick_as_leader(pool, "notify-forgetting", tick, every_seconds=FORGET_SECONDS)


class Sender:
    """Empties the table of mails into Resend, in order for each recipient."""

    def __init__(self, pool: Pool, *, gateway: ResendGateway, letters: Letters, pace: Pace) -> None:
        self._pool = pool
        self._gateway = gateway
        self._letters = letters
        self._pace = pace
        self._counted_at = 0.0
        self.work = Steady(JOB, self._take, self._try, at_once=pace.at_once)

    async def run(self) -> None:
        """Send for ever, in one process at a time: the pace is one account's."""
        await self.work.lead(self._pool, every_seconds=EVERY_SECONDS)

    async def _take(self, limit: int) -> list[tuple[Mail, Batch]]:
        """Lease mails that are due, one for each recipient; while we are held, none."""
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            await self._count()
            self._counted_at = time.monotonic()
        if self._pace.held_seconds:
            return []
        async with transaction(self._pool) as conn:
            batch = await handlers.lease_mails(conn, limit=limit, lease_seconds=LEASE_SECONDS)
        if batch.mails:
            crash.point("notify.leased")
        return [(mail, batch) for mail in batch.mails]

    async def _try(self, taken: tuple[Mail, Batch]) -> None:
        mail, batch = taken
        try:
            await self._send(mail, batch)
        except Exception as exc:
            # A letter that cannot be written must not hold up the others of its recipient.
            log.exception("mail_failed", mail=mail.mail_id, kind=mail.kind)
            await self._record(mail, Undecided(code=type(exc).__name__))

    async def _send(self, mail: Mail, batch: Batch) -> None:
        if not await self._pace.turn():
            async with transaction(self._pool) as conn:
                await queries.return_mail(conn, mail, delay_seconds=self._pace.held_seconds)
            return
        letter = self._letters.write(
            mail, batch.campaigns[mail.campaign], batch.platform, others=batch.campaigns
        )
        outcome = await self._gateway.send(letter, idempotency_key=mail.idempotency_key)
        crash.point("notify.after_send")
        if isinstance(outcome, Limited):
            self._pace.hold(hold_seconds(outcome))
        await self._record(mail, outcome)

    async def _record(self, mail: Mail, outcome: Outcome) -> None:
        async with transaction(self._pool) as conn:
            status = await handlers.record_outcome(conn, mail, outcome)
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

    async def _count(self) -> None:
        WAITING.clear()
        STUCK.clear()
        oldest = 0.0
        for waiting in await overview.count_waiting(self._pool):
            WAITING.labels(waiting.kind).set(waiting.count)
            oldest = max(oldest, waiting.oldest_seconds)
        for stuck in await overview.count_stuck(self._pool):
            STUCK.labels(stuck.kind, stuck.status).set(stuck.count)
        OLDEST.set(oldest)
