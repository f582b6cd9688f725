"""The sender: whoever leads has the mails sent whose turn it is, and counts what waits."""

import time

from prometheus_client import Gauge

from services.chassis.process import telemetry
from services.chassis.process.steady import Steady
from services.chassis.storage.database import Pool
from services.notify.domain.letters import Letters
from services.notify.domain.mails import Batch, Mail
from services.notify.handlers.deliver_batches import Leased
from services.notify.queries import overview
from services.notify.steps.pacing import Pace
from services.notify.steps.send_batch import SendBatch
from services.notify.steps.send_mail import SendMail
from services.notify.steps.transport import Transport

Work = tuple[Mail, Batch] | Leased

EVERY_SECONDS = 0.25
COUNT_SECONDS = 10.0
JOB = "notify-sender"

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


class Sender:
    """Empties the table of mails, in order for each recipient.

    A process that dies between the call and the record leaves a lease behind; when it ends
    the same mail is offered again under the same key, and Resend answers as it did before.
    """

    def __init__(self, pool: Pool, *, gateway: Transport, letters: Letters, pace: Pace) -> None:
        self._pool = pool
        self._mails = SendMail(pool, gateway=gateway, letters=letters, pace=pace)
        self._batches = SendBatch(pool, gateway=gateway, letters=letters, pace=pace)
        self._counted_at = 0.0
        self.work = Steady(JOB, self._take, self._try, at_once=pace.at_once)

    async def run(self) -> None:
        """Send for ever, in one process at a time: the pace is one account's."""
        await self.work.lead(self._pool, every_seconds=EVERY_SECONDS, follows=self._say_nothing)

    async def _take(self, limit: int) -> list[Work]:
        """Lease what one person waits for; what is free then sends news to many."""
        if time.monotonic() - self._counted_at > COUNT_SECONDS:
            await self._count()
            self._counted_at = time.monotonic()
        taken: list[Work] = list(await self._mails.take(limit))
        while len(taken) < limit:
            leased = await self._batches.take()
            if leased is None:
                break
            taken.append(leased)
        return taken

    async def _try(self, taken: Work) -> None:
        if isinstance(taken, Leased):
            await self._batches.send(taken)
        else:
            await self._mails.send(*taken)

    def _say_nothing(self) -> None:
        """Leave it to who leads to say what waits; led again, it is counted at once."""
        WAITING.clear()
        STUCK.clear()
        OLDEST.set(0)
        self._counted_at = 0.0

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
