"""What mails to those who run the platform or a campaign show."""

from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from services.notify.domain import formatting
from services.notify.domain.coaching import Advice, advice_for
from services.notify.domain.facts import Facts, ReportFacts
from services.notify.domain.language import Language, catalogue
from services.notify.domain.links import one_line
from services.notify.domain.mails import Campaign


class Row(msgspec.Struct, frozen=True):
    """One line of a sum: what it is, and how much."""

    label: str
    amount: str


class DisputeShown(msgspec.Struct, frozen=True):
    """A dispute: its name at Stripe, why, how much, and until when Stripe hears our side."""

    dispute_id: str
    reason: str
    amount: str
    due: str


class ReportShown(msgspec.Struct, frozen=True):
    """A day's figures as rows, what to do next, and which report is attached, if any is."""

    report_type: str
    rows: tuple[Row, ...]
    advice: Advice | None
    has_file: bool


def dispute_shown(
    facts: Facts, zone: str, language: Language, seen: datetime
) -> DisputeShown | None:
    """Return a dispute in words, if the mail is about one."""
    if facts.dispute is None:
        return None
    told = facts.dispute
    due = formatting.moment(told.due_at, zone, language, seen=seen) if told.due_at else ""
    amount = formatting.money(told.amount_cents, facts.currency, language)
    return DisputeShown(one_line(told.dispute_id), one_line(told.reason), amount, due)


def report_shown(
    facts: Facts, campaign: Campaign, language: Language, seen: datetime
) -> ReportShown | None:
    """Return a day's figures in words, if the mail reports them."""
    if facts.report is None:
        return None
    told = facts.report
    left = campaign.deadline_at - (facts.happened_at or seen)
    is_coached = told.report_type == "pledge" and told.has_summary and left > timedelta()
    return ReportShown(
        report_type=told.report_type,
        rows=_figures(facts, told, campaign, language, left) if told.has_summary else (),
        advice=advice_for(told, campaign.goal_cents, left) if is_coached else None,
        has_file=told.has_file,
    )


def _figures(
    facts: Facts, told: ReportFacts, campaign: Campaign, language: Language, left: timedelta
) -> tuple[Row, ...]:
    _ = catalogue(language).gettext
    # In tenths of a percent, cut off: 99.96 % is not 100 %.
    tenths = told.pledged_cents * 1000 // campaign.goal_cents if campaign.goal_cents else 0
    rows = (
        Row(_("Pledges"), str(told.pledge_count)),
        Row(_("New in 24 hours"), str(told.new_count)),
        Row(_("Pledged"), formatting.money(told.pledged_cents, facts.currency, language)),
        Row(_("Goal"), formatting.money(campaign.goal_cents, facts.currency, language)),
        Row(_("Funded"), formatting.percent(Decimal(tenths).scaleb(-1), language)),
    )
    if left <= timedelta():
        return rows
    return (*rows, Row(_("Time left"), formatting.span(left, language)))
