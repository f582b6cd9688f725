"""Reading `reports` of `platform.yml`: when whoever runs a campaign hears of it, and what."""

import re

from contracts.campaign import ReportRules
from services.site.publishing.reading import Reader, Record, Value, record
from services.site.publishing.scalars import flag, text

NONE = ReportRules()
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
# A report that can't be made at once is tried until midnight.
LATEST_MINUTE = 20 * 60
PREFIX_LENGTH_MAX = 40


def _minute(value: Value) -> int:
    written = value.scalar().strip()
    found = CLOCK.fullmatch(written)
    if found is None:
        raise ValueError("is not a time of day such as 07:00")
    minute = int(found[1]) * 60 + int(found[2])
    if minute > LATEST_MINUTE:
        raise ValueError("is later than 20:00: a report has until midnight to be made")
    return minute


def _reports(fields: Record) -> ReportRules:
    rules = ReportRules(
        is_enabled=fields.get("enabled", flag, NONE.is_enabled),
        minute=fields.get("send_time", Reader(_minute, NONE.minute), NONE.minute),
        subject_prefix=fields.get("subject_prefix", text(PREFIX_LENGTH_MAX), ""),
        sends_pledges=fields.get("daily_pledge_report", flag, NONE.sends_pledges),
        sends_fulfillment=fields.get("fulfillment_report", flag, NONE.sends_fulfillment),
        has_summary=fields.get("stats_summary", flag, NONE.has_summary),
        has_file=fields.get("csv_attachment", flag, NONE.has_file),
    )
    if not (rules.has_summary or rules.has_file):
        fields.wrong("csv_attachment", "leaves nothing in a report: stats_summary is off, too")
    return rules


REPORTS = record(_reports, NONE)
