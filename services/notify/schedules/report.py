"""Reports: whoever leads looks what the morning brings, has it made, and forgets what is sent."""

from prometheus_client import Gauge

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import tick_as_leader
from services.notify.handlers import reporting
from services.notify.queries import reports
from services.notify.steps.make_report import MakeReport

EVERY_SECONDS = 5.0
JOB = "notify-reports"

STUCK = Gauge(
    "notify_reports_stuck",
    "Reports that could not be made: an operator downloads them.",
    registry=telemetry.REGISTRY,
)


class Reporter:
    """Decides, makes and forgets reports, one round at a time."""

    def __init__(self, pool: Pool, make: MakeReport) -> None:
        self._pool = pool
        self._make = make

    async def run(self) -> None:
        """Report for ever, in one process at a time: business time is looked at each round."""
        await tick_as_leader(
            self._pool, JOB, self.tick, every_seconds=EVERY_SECONDS, follows=lambda: STUCK.set(0)
        )

    async def tick(self) -> None:
        """Look once."""
        async with transaction(self._pool) as conn:
            decided = await reporting.decide_reports(conn)
        if decided:
            crash.point("notify.reports_decided")
        while await self._make.make_next():
            pass
        async with transaction(self._pool) as conn:
            await reports.forget_files(conn)
            STUCK.set(await reports.count_parked(conn))
