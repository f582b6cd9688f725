"""What the screens of figures show: cards, who keeps what, words people came by, days. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from contracts.api.analytics import (
    BreakdownName,
    BreakdownRow,
    CampaignAnalytics,
    CampaignFigures,
    Day,
    FeeKnowledge,
    MoneyPart,
)

DAYS_FILLED = 400
"""A campaign that ran longer shows only the days on which something happened."""

Kind = Literal["actual", "estimated", "mixed"]
Sort = Literal["title", "pledged", "charged", "supporters", "pledges", "net", "fees", "failed"]
SORTS: tuple[Sort, ...] = (
    *("title", "pledged", "charged", "supporters", "pledges", "net", "fees", "failed"),
)


class Sorting(msgspec.Struct, frozen=True, kw_only=True):
    """By which column a table is sorted, and which end comes first."""

    by: Sort = "pledged"
    is_rising: bool = False

    def asked(self, column: Sort) -> str:
        """Return what an address says to sort by a column; the other way round if it is by it."""
        is_falling = column != "title" and not (column == self.by and not self.is_rising)
        return f"-{column}" if is_falling else column

    @property
    def word(self) -> str:
        """Return what assistive technology calls the direction."""
        return "ascending" if self.is_rising else "descending"


class MoneyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the table of money, in cents: what was charged, what is open, both."""

    name: str
    charged: int
    open: int
    is_sum: bool = False

    @property
    def together(self) -> int:
        """Return both."""
        return self.charged + self.open


def read_sorting(asked: str) -> Sorting:
    """Return how an address wants a table sorted; what it says wrongly is the default."""
    name = asked.removeprefix("-")
    found = next((each for each in SORTS if each == name), None)
    return Sorting() if found is None else Sorting(by=found, is_rising=not asked.startswith("-"))


def sort_campaigns(
    campaigns: Iterable[CampaignFigures], sorting: Sorting
) -> tuple[CampaignFigures, ...]:
    """Return campaigns in order; equal ones by title."""
    by_title = sorted(campaigns, key=lambda each: each.title.casefold())
    if sorting.by == "title":
        return tuple(by_title if sorting.is_rising else reversed(by_title))
    return tuple(
        sorted(by_title, key=lambda each: _worth(each, sorting.by), reverse=not sorting.is_rising)
    )


def _worth(figures: CampaignFigures, by: Sort) -> int:
    return {
        "pledged": figures.pledged,
        "charged": figures.charged.total,
        "supporters": figures.supporters,
        "pledges": figures.pledges,
        "net": figures.charged.campaign_net,
        "fees": figures.charged.fees,
        "failed": figures.failed,
    }[by]


def money_rows(charged: MoneyPart, still: MoneyPart) -> tuple[MoneyRow, ...]:
    """Return what the sums are made of, then what is kept of them."""
    return (
        *_rows(charged, still, "campaign", "campaign_add_ons", "platform_add_ons", "tips"),
        *_rows(charged, still, "tax", "shipping"),
        *_rows(charged, still, "total", is_sum=True),
        *_rows(charged, still, "fees", "returned", "dispute_fees", is_gone=True),
        *_rows(charged, still, "net", is_sum=True),
        *_rows(charged, still, "campaign_net", "platform_net", "tax_net", "shipping_net"),
    )


def _rows(
    charged: MoneyPart, still: MoneyPart, *names: str, is_sum: bool = False, is_gone: bool = False
) -> Iterable[MoneyRow]:
    sign = -1 if is_gone else 1
    for name in names:
        yield MoneyRow(
            name=name,
            charged=sign * getattr(charged, name),
            open=sign * getattr(still, name),
            is_sum=is_sum,
        )


def fee_kind(knowledge: FeeKnowledge) -> Kind:
    """Return what a figure is called whose fees are known so far. Without any it is exact."""
    return "actual" if knowledge == "none" else knowledge


def rows_of(shown: CampaignAnalytics, name: BreakdownName) -> tuple[BreakdownRow, ...]:
    """Return a breakdown's rows; none where nobody pledged."""
    return next((each.rows for each in shown.breakdowns if each.name == name), ())


def has_words(rows: Sequence[BreakdownRow]) -> bool:
    """Tell whether a breakdown says more than that nothing is known."""
    return any(each.key or each.is_rest for each in rows)


def every_day(shown: CampaignAnalytics) -> tuple[Day, ...]:
    """Return each day from the start, or from the first pledge, to today or the last one.

    Days on which nothing happened stand at what was pledged the day before.
    """
    if not shown.days:
        return ()
    zone = ZoneInfo(shown.timezone)
    last = (shown.deadline_at - timedelta(microseconds=1)).astimezone(zone).date()
    first = min(shown.days[0].day, shown.starts_at.astimezone(zone).date())
    end = max(shown.days[-1].day, min(shown.as_of.astimezone(zone).date(), last))
    if (end - first).days >= DAYS_FILLED:
        return shown.days
    told = {each.day: each for each in shown.days}
    found: list[Day] = []
    pledged = 0
    for number in range((end - first).days + 1):
        day = first + timedelta(days=number)
        found.append(told.get(day) or Day(day=day, made=0, cancelled=0, change=0, pledged=pledged))
        pledged = found[-1].pledged
    return tuple(found)


def noon(day: date, timezone: str) -> datetime:
    """Return an instant that is this day in the zone, whatever the clocks do that night."""
    return datetime.combine(day, time(12), tzinfo=ZoneInfo(timezone))
