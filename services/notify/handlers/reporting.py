"""Decide which reports are due, write the mails of those that are made, and forget their files."""

from datetime import timedelta

from contracts.ids import supporter_id
from services.chassis.process import telemetry
from services.chassis.storage.database import Connection
from services.notify.domain.facts import Facts, ReportFacts
from services.notify.domain.letters import Attachment
from services.notify.domain.mails import NewMail
from services.notify.domain.reporting import (
    FULFILMENT_WITHIN,
    DueReport,
    Reader,
    again_seconds,
    attached,
    day_due,
    due_on,
    figures,
    has_rows,
)
from services.notify.handlers.write_mail import write_all
from services.notify.queries import definitions, reports

log = telemetry.logger(__name__)


async def decide_reports(conn: Connection) -> int:
    """Write down what is due this morning, each report once, however late in the day it is.

    Return how many were not before.
    """
    zone = await reports.read_zone(conn)
    if zone is None:
        return 0
    platform = await definitions.read_platform(conn)
    at = await reports.now(conn)
    day = day_due(at, zone, platform.reports)
    if day is None:
        return 0
    window, has_support = platform.recovery_window_days, bool(platform.support_email)
    oldest = at - FULFILMENT_WITHIN - timedelta(days=window + 2)
    due = [
        (campaign.slug, kind)
        for campaign in await reports.list_reported(
            conn, day, ended_after=oldest, for_platform=has_support
        )
        for kind in due_on(
            day,
            zone,
            campaign,
            rules=platform.reports,
            recovery_window_days=window,
            has_support=has_support,
        )
    ]
    new = await reports.insert_reports(conn, day, due)
    for report_id in new:
        log.info("report_due", report=report_id)
    return len(new)


async def keep_report(conn: Connection, report: DueReport, ledger: bytes, file: bytes) -> None:
    """Keep a report's file and write its mails, one for each recipient, or note it as empty."""
    platform = await definitions.read_platform(conn)
    readers = await reports.list_recipients(conn, report.campaign)
    if report.report_type == "platform":
        readers = [Reader(email=platform.support_email)] if platform.support_email else []
    # A morning without pledges is news; a parcel list without parcels is none.
    is_told = bool(readers) and (report.report_type == "pledge" or has_rows(file))
    attachment = attached(report, file) if is_told and platform.reports.has_file else None
    is_new = await reports.finish_report(conn, report.report_id, attachment, is_told=is_told)
    if not is_new or not is_told:
        return
    told = figures(ledger, report, platform.reports)
    await write_all(
        conn,
        [
            NewMail(
                kind="campaign_report",
                cause=f"{report.report_id}:{supporter_id(each.email)}",
                campaign=report.campaign,
                address=each.email,
                language=each.language or next(iter(platform.languages), "en"),
                facts=Facts(report=told, happened_at=report.at),
            )
            for each in readers
        ],
    )


async def put_back(conn: Connection, report: DueReport, *, is_hopeless: bool = False) -> None:
    """Try a report again later, for less than a day: then the next one tells more."""
    delay = None if is_hopeless else again_seconds(report)
    await reports.put_back(conn, report, delay)
    if delay is None:
        log.error("report_parked", report=report.report_id, attempts=report.attempts)


async def file_of(conn: Connection, told: ReportFacts) -> Attachment:
    """Return what goes with a report's mail. Raises `LookupError` when it was forgotten."""
    file = await reports.read_file(conn, told.report_id)
    # Without it the mail would say what is not true.
    if file is None:
        raise LookupError(f"the file of {told.report_id} is gone")
    return file
