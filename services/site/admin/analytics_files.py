"""The figures as files for a spreadsheet. Amounts are dollars with two decimals. Pure."""

import csv
import io
from collections.abc import Iterable, Iterator

from contracts.api.analytics import CampaignAnalytics, CampaignFigures, MoneyPart
from services.site.admin.analytics import every_day, money_rows
from services.site.admin.audit import harmless

PART = (
    *("pledges", "campaign", "campaign_add_ons", "platform_add_ons", "tips", "tax", "shipping"),
    *("total", "fees", "fee_knowledge", "returned", "dispute_fees"),
    *("campaign_net", "platform_net", "tax_net", "shipping_net", "net"),
)
COUNTS = ("pledges", "fee_knowledge")
OVERVIEW = (
    *("campaign", "title", "goal", "pledged", "pledges", "supporters", "made", "standing"),
    *("average", "late_support", "failed_pledges", "failed"),
    *(f"charged_{name}" for name in PART),
    *(f"open_{name}" for name in PART),
)

Cell = str | int


def overview_csv(campaigns: Iterable[CampaignFigures]) -> bytes:
    """Return a row for each campaign."""
    return _file(OVERVIEW, (_campaign(each) for each in campaigns))


def campaign_csv(shown: CampaignAnalytics) -> bytes:
    """Return a campaign's figures, breakdowns and days, one fact to a row."""
    return _file(("section", "name", "key", "count", "amount"), _facts(shown))


def dollars(cents: int) -> str:
    """Return cents as a spreadsheet takes them.

    >>> dollars(-5)
    '-0.05'
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole}.{rest:02d}"


def _campaign(of: CampaignFigures) -> tuple[Cell, ...]:
    return (
        *(of.campaign_slug, harmless(of.title), dollars(of.goal), dollars(of.pledged)),
        *(of.pledges, of.supporters, of.made, of.standing),
        *(dollars(of.average), dollars(of.late_support), of.failed_pledges, dollars(of.failed)),
        *_part(of.charged),
        *_part(of.open),
    )


def _part(part: MoneyPart) -> Iterator[Cell]:
    for name in PART:
        value = getattr(part, name)
        yield value if name in COUNTS else dollars(value)


def _facts(shown: CampaignAnalytics) -> Iterator[tuple[Cell, ...]]:
    of = shown.figures
    counts = {"pledges": of.pledges, "supporters": of.supporters, "made": of.made}
    counts |= {"standing": of.standing, "failed_pledges": of.failed_pledges}
    for name, count in counts.items():
        yield ("figures", name, "", count, "")
    sums = {"goal": of.goal, "pledged": of.pledged, "average": of.average}
    sums |= {"late_support": of.late_support, "failed": of.failed}
    for name, cents in sums.items():
        yield ("figures", name, "", "", dollars(cents))
    for row in money_rows(of.charged, of.open):
        yield ("money", row.name, "charged", "", dollars(row.charged))
        yield ("money", row.name, "open", "", dollars(row.open))
    for breakdown in shown.breakdowns:
        for each in breakdown.rows:
            key = "(all others)" if each.is_rest else harmless(each.key)
            yield ("breakdown", breakdown.name, key, each.count, dollars(each.amount))
    for day in every_day(shown):
        yield (
            "day",
            "pledged",
            day.day.isoformat(),
            day.made - day.cancelled,
            dollars(day.pledged),
        )


def _file(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return ("\ufeff" + written.getvalue()).encode()
