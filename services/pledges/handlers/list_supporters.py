"""Show an operator who pledged to a campaign, and what tax was taken where."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused
from services.chassis.storage.database import Connection
from services.pledges.handlers.read_stats import require_campaign
from services.pledges.queries import platforms
from services.pledges.queries import supporters as queries
from services.pledges.queries.supporters import Filter, Supporter, TaxLine


class SupporterPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Supporters by address; `next_after` asks for those that follow, None at the end."""

    campaign_slug: CampaignSlug
    supporters: tuple[Supporter, ...]
    next_after: str | None


class TaxReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Tax by jurisdiction and rate, in cents, among what was charged in a period.

    `since` and `until` are days in the platform's zone, both of them included.
    """

    campaign_slug: CampaignSlug | None
    since: date | None
    until: date | None
    lines: tuple[TaxLine, ...]
    tax: int
    tax_returned: int


async def list_supporters(conn: Connection, wanted: Filter) -> SupporterPage:
    """Return a page of supporters who have a pledge that is looked for."""
    campaign, _ = await require_campaign(conn, wanted.campaign)
    more = msgspec.structs.replace(wanted, limit=wanted.limit + 1)
    found = await queries.list_supporters(conn, more)
    page = found[: wanted.limit]
    return SupporterPage(
        campaign_slug=campaign.campaign,
        supporters=tuple(page),
        next_after=page[-1].email if len(found) > len(page) else None,
    )


async def sum_taxes(
    conn: Connection, slug: str | None, *, since: date | None, until: date | None
) -> TaxReport:
    """Return what tax was taken, of one campaign or of all."""
    campaign = (await require_campaign(conn, slug))[0].campaign if slug else None
    zone = ZoneInfo((await platforms.read_platform(conn)).timezone)
    lines = await queries.sum_taxes(
        conn,
        campaign,
        _begin(since, zone, "since"),
        _begin(until, zone, "until", days_on=1),
    )
    return TaxReport(
        campaign_slug=campaign,
        since=since,
        until=until,
        lines=tuple(lines),
        tax=sum(each.tax for each in lines),
        tax_returned=sum(each.tax_returned for each in lines),
    )


def _begin(day: date | None, zone: ZoneInfo, field: str, *, days_on: int = 0) -> datetime | None:
    """Return the first instant of a day, or of one some days on."""
    if day is None:
        return None
    try:
        first = datetime.combine(day + timedelta(days=days_on), time(), tzinfo=zone)
        return first.astimezone(UTC)
    except OverflowError as exc:
        raise InputRefused(
            "invalid_input", "This is not a day.", fields={field: "is out of range"}
        ) from exc
