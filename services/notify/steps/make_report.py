"""Ask the ledger for a report: between the transaction that leased it and the one that keeps it."""

from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.notify.domain.reporting import part_of
from services.notify.handlers import reporting
from services.notify.ledger_gateway import LedgerAway, LedgerGateway, TooLarge
from services.notify.queries import reports

log = telemetry.logger(__name__)

# Longer than the two questions may take.
LEASE_SECONDS = 240.0


class MakeReport:
    """Makes the reports that are due, one after the other."""

    def __init__(self, pool: Pool, ledger: LedgerGateway) -> None:
        self._pool = pool
        self._ledger = ledger

    async def make_next(self) -> bool:
        """Make the report whose turn it is; False if there is none."""
        async with transaction(self._pool) as conn:
            report = await reports.claim_report(conn, lease_seconds=LEASE_SECONDS)
        if report is None:
            return False
        crash.point("notify.report_leased")
        if report.is_overdue:
            async with transaction(self._pool) as conn:
                await reporting.put_back(conn, report, is_hopeless=True)
            return True
        slug, attempt = report.campaign, report.attempts
        try:
            ledger = await self._ledger.report(slug, "pledge", attempt=attempt)
            file = ledger
            if report.report_type != "pledge":
                parcels = await self._ledger.report(slug, "fulfillment", attempt=attempt)
                file = part_of(parcels, report.report_type)
        except (LedgerAway, TooLarge) as exc:
            log.warning("report_not_made", report=report.report_id, reason=str(exc))
            async with transaction(self._pool) as conn:
                await reporting.put_back(conn, report, is_hopeless=isinstance(exc, TooLarge))
            return True
        crash.point("notify.report_asked")
        async with transaction(self._pool) as conn:
            await reporting.keep_report(conn, report, ledger, file)
        crash.point("notify.report_kept")
        return True
