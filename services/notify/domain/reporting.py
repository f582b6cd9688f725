"""Which report of a campaign is due on which morning, and what its figures are.

Source: rules.md, section 12: at 07:00 of the platform's zone unless the platform says
otherwise; the ledger while a campaign is live, what is to be sent once after it.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from contracts.campaign import ReportRules
from contracts.ids import CampaignSlug
from contracts.money import Cents
from services.notify.domain.facts import ReportFacts, ReportType
from services.notify.domain.letters import Attachment

DAY = timedelta(days=1)
# A campaign that ended longer ago than this was settled before anybody was to be told.
FULFILMENT_WITHIN = timedelta(days=30)
ZIPPED_ABOVE_BYTES = 1024 * 1024
# The bus of mails is not for more: providers take 40 MB at most, in base64.
ATTACHED_BYTES_MAX = 20 * 1024 * 1024
TRYING = timedelta(hours=23)
FIRST_DELAY_SECONDS, DELAY_SECONDS_MAX = 30, 900


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign that has somebody to report to."""

    slug: CampaignSlug
    # None for campaigns of before, until they are published again.
    starts_at: datetime | None
    # When pledging ends, or ended early.
    ends_at: datetime
    has_readers: bool = True


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is sent a campaign's reports; a language is known of who runs it."""

    email: str
    language: str | None = None


class DueReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report that is to be made: one process has it until its lease ends."""

    report_id: str
    campaign: CampaignSlug
    report_type: ReportType
    day: date
    attempts: int
    decided_at: datetime
    claimed_at: datetime
    # The platform's time at which it was claimed.
    at: datetime

    @property
    def is_overdue(self) -> bool:
        """Tell whether the next morning's report tells more."""
        return self.claimed_at - self.decided_at > TRYING


def hour_of(day: date, zone: str, minute: int = ReportRules().minute) -> datetime:
    """Return when the reports of a day are due in a zone, in UTC: seven, unless said otherwise."""
    return datetime.combine(day, time(*divmod(minute, 60)), ZoneInfo(zone)).astimezone(UTC)


def day_due(now: datetime, zone: str, rules: ReportRules) -> date | None:
    """Return the day whose reports are due: today's from their hour on, until midnight.

    After a night away nobody is sent yesterday's report an hour before today's.
    """
    today = now.astimezone(ZoneInfo(zone)).date()
    is_due = rules.is_enabled and now >= hour_of(today, zone, rules.minute)
    return today if is_due else None


def due_on(
    day: date,
    zone: str,
    campaign: Reported,
    *,
    rules: ReportRules,
    recovery_window_days: int,
    has_support: bool = False,
) -> tuple[ReportType, ...]:
    """Return what is reported of a campaign on the morning of `day`.

    The ledger from its first morning to the one after its end, which tells of its last day;
    what is to be sent a day after the last card could still be mended, by whoever runs the
    campaign and by the platform, if it can be written to.
    """
    morning, before = (hour_of(each, zone, rules.minute) for each in (day, day - DAY))
    has_begun = campaign.starts_at is None or campaign.starts_at <= morning
    if has_begun and before < campaign.ends_at:
        return ("pledge",) if rules.sends_pledges and campaign.has_readers else ()
    settled_at = campaign.ends_at + timedelta(days=recovery_window_days + 1)
    if settled_at <= morning < settled_at + FULFILMENT_WITHIN and rules.sends_fulfillment:
        to_runners: tuple[ReportType, ...] = ("fulfillment",) if campaign.has_readers else ()
        return (*to_runners, "platform") if has_support else to_runners
    return ()


def figures(ledger: bytes, report: DueReport, rules: ReportRules) -> ReportFacts:
    """Return a campaign's figures as its ledger file adds them up: they can't differ from it."""
    created: dict[str, datetime] = {}
    gone: set[str] = set()
    pledged = Decimal(0)
    for row in _rows(ledger):
        pledged += Decimal(row["campaign_subtotal"])
        if row["status"] == "created":
            created[row["order_id"]] = datetime.fromisoformat(row["created_at"])
        elif row["status"] == "cancelled":
            gone.add(row["order_id"])
    standing = [at for pledge, at in created.items() if pledge not in gone]
    return ReportFacts(
        report_type=report.report_type,
        report_id=report.report_id,
        pledge_count=len(standing),
        new_count=sum(at > report.at - DAY for at in standing),
        pledged_cents=Cents(int(pledged * 100)),
        subject_prefix=rules.subject_prefix,
        # What the campaign came to is nothing the platform has to send.
        has_summary=rules.has_summary and report.report_type != "platform",
        has_file=rules.has_file,
    )


def part_of(file: bytes, report_type: ReportType) -> bytes:
    """Return what of the parcels' list is for the campaign to send, or for the platform.

    The platform's own products are rows of no campaign. Raises `KeyError` for another file.
    """
    reader = csv.DictReader(io.StringIO(file.decode(), newline=""))
    part = io.StringIO(newline="")
    writer = csv.DictWriter(part, reader.fieldnames or ())
    writer.writeheader()
    writer.writerows(row for row in reader if bool(row["campaign"]) == (report_type != "platform"))
    return part.getvalue().encode()


def has_rows(file: bytes) -> bool:
    """Tell whether a file has more than its heading."""
    return next(_rows(file), None) is not None


def attached(report: DueReport, file: bytes) -> Attachment:
    """Return a report as it goes with its mail: zipped where it is large."""
    name = f"{report.campaign}-{report.report_type}-{report.day}.csv"
    if len(file) <= ZIPPED_ABOVE_BYTES:
        return Attachment(name=name, content=file)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as folder:
        folder.writestr(name, file)
    return Attachment(name=f"{name}.zip", content=packed.getvalue(), media_type="application/zip")


def again_seconds(report: DueReport) -> int | None:
    """Return how long to wait before the next try, or None when there is none any more.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 29, tzinfo=UTC)
    >>> again_seconds(DueReport(report_id="r", campaign="a", report_type="pledge", day=at.date(),
    ...     attempts=3, decided_at=at, claimed_at=at, at=at))
    120
    """
    delay = min(FIRST_DELAY_SECONDS << min(report.attempts - 1, 16), DELAY_SECONDS_MAX)
    is_late = report.claimed_at + timedelta(seconds=delay) > report.decided_at + TRYING
    return None if is_late else delay


def _rows(file: bytes) -> Iterator[dict[str, str]]:
    return csv.DictReader(io.StringIO(file.decode(), newline=""))
