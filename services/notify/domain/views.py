"""A mail's facts in words and links, ready for the templates."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from contracts import card_life
from contracts.ids import ORDER_PREFIX, PledgeId
from contracts.pricing import PricedLine
from services.notify.domain import formatting
from services.notify.domain.facts import Facts, Sums
from services.notify.domain.language import Language, catalogue, chosen
from services.notify.domain.links import Links, Opener, one_line
from services.notify.domain.mails import Campaign, Mail, PlatformNames
from services.notify.domain.operator_views import (
    DisputeShown,
    ReportShown,
    Row,
    dispute_shown,
    report_shown,
)
from services.notify.domain.subjects import subject_in

REFERENCE_LENGTH = 12
INSTAGRAM_HOSTS = ("instagram.com", "www.instagram.com")


BRANDS = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates see."""

    language: Language
    platform: str
    has_support: bool
    subject: str
    title: str
    goal: str
    deadline: str
    deadline_day: str
    is_open: bool
    rows: tuple[Row, ...]
    total: str
    # Of a refund: this one, and all of them by now when that is not the whole sum; or empty.
    refund: str
    returned: str
    # Each pledge of a sum of several, by the name the site shows.
    pledges: tuple[Row, ...]
    card: str
    # The month on the card, if that is over before the card is done with; else empty.
    card_ends: str
    needed_day: str
    reference: str
    reason: str
    happened_day: str
    manage_url: str
    pay_url: str
    # The supporters' page, while they have something to decide; or empty.
    community_url: str
    # Of a charge that was declined: until when it can be paid, and when we try again; or empty.
    ends: str
    next_day: str
    is_last_day: bool
    is_late: bool
    campaign_url: str
    instagram_url: str
    # Of a pledge that was changed: what it was before; and every pledge of sent links.
    before: str
    changes: tuple[Row, ...]
    openers: tuple[Opener, ...]
    # Who sells, on a receipt.
    seller: str
    dispute: DisputeShown | None
    report: ReportShown | None
    sign_in_url: str
    # A working copy that somebody asks to look at, and who; or empty.
    preview_url: str
    shared_by: str


def view_of(mail: Mail, campaign: Campaign, platform: PlatformNames, links: Links) -> View:
    """Return what the templates of `mail` show."""
    language = chosen(mail.language, platform.languages)
    facts, zone, seen = mail.facts, campaign.timezone, mail.created_at
    # What is not public yet is called as whoever asks to look at it calls it.
    called = facts.preview.title if facts.preview else campaign.title
    name, title = one_line(platform.platform_name), one_line(called)
    last = formatting.last_minute(campaign.deadline_at)
    needed = card_life.needed_until(campaign.deadline_at, platform.recovery_window_days)
    return View(
        language=language,
        platform=name,
        has_support=bool(platform.support_email),
        subject=subject_in(mail, name, title, language),
        title=title,
        goal=formatting.goal(campaign.goal_cents, language),
        deadline=formatting.moment(last, zone, language, seen=seen),
        deadline_day=formatting.day(last, zone, language, seen=seen),
        is_open=seen < campaign.deadline_at,
        rows=_rows(facts, name, language),
        total=_total(facts, language),
        refund=_cents(facts.refund_cents, facts, language),
        returned=_returned(facts, language),
        pledges=_pledges(facts, language),
        card=_card(facts, language),
        card_ends=_card_ends(mail, needed, zone),
        needed_day=formatting.day(formatting.last_minute(needed), zone, language, seen=seen),
        reference=_reference(facts.pledge_id),
        reason=facts.reason,
        happened_day=formatting.day(facts.happened_at or seen, zone, language, seen=seen),
        manage_url=links.manage(mail, campaign, language),
        pay_url=links.pay(mail, campaign, language),
        community_url=links.community(mail, campaign, language),
        ends=_ends(facts, zone, language, seen),
        next_day=_next_day(facts, zone, language, seen),
        is_last_day=facts.is_last_day,
        is_late=facts.is_late,
        campaign_url=links.campaign(campaign, language),
        instagram_url=_instagram(campaign.instagram_url),
        before=_cents(facts.before_cents, facts, language),
        changes=_changes(facts, language),
        openers=links.openers(mail, language),
        seller=one_line(platform.company_name) or name,
        dispute=dispute_shown(facts, zone, language, seen),
        report=report_shown(facts, campaign, language, seen),
        sign_in_url=links.sign_in(facts.sign_in_token, language),
        preview_url=links.preview(facts.preview, language),
        shared_by=one_line(facts.preview.shared_by) if facts.preview else "",
    )


def _rows(facts: Facts, platform: str, language: Language) -> tuple[Row, ...]:
    """Return the items and what is added to them; the total stands apart."""

    def money(cents: int) -> str:
        return formatting.money(cents, facts.currency, language)

    items = tuple(
        Row(_item(line, platform, language), money(line.total_cents)) for line in facts.lines
    )
    if facts.sums is None:
        return items
    return items + _added(facts.sums, platform, language, money)


def _added(
    sums: Sums, platform: str, language: Language, money: Callable[[int], str]
) -> tuple[Row, ...]:
    _ = catalogue(language).gettext
    rows = [Row(_("Subtotal"), money(sums.subtotal_cents))]
    if sums.tip_cents:
        tip = _("Tip to %(platform)s") % {"platform": platform}
        if sums.tip_percent:
            tip += ", " + formatting.percent(sums.tip_percent, language)
        rows.append(Row(tip, money(sums.tip_cents)))
    tax = _("Sales tax")
    if sums.tax_rate is not None and sums.tax_cents:
        tax += ", " + formatting.rate(sums.tax_rate, language)
    rows.append(Row(tax, money(sums.tax_cents)))
    if sums.shipping_cents:
        rows.append(Row(_("Shipping"), money(sums.shipping_cents)))
    return tuple(rows)


def _item(line: PricedLine, platform: str, language: Language) -> str:
    """Return what a line is called; the platform's own product is not a part of the film."""
    _ = catalogue(language).gettext
    if line.kind == "custom_amount":
        return _("Support without a reward")
    label = one_line(line.label)
    if line.kind == "support_item":
        return label
    item = f"{label} × {line.quantity}"
    if line.kind == "tier" or line.counts_toward_goal:
        return item
    return _("%(item)s, from %(platform)s") % {"item": item, "platform": platform}


def _total(facts: Facts, language: Language) -> str:
    if facts.sums is None:
        return ""
    return formatting.money(facts.sums.total_cents, facts.currency, language)


def _cents(cents: int | None, facts: Facts, language: Language) -> str:
    return "" if cents is None else formatting.money(cents, facts.currency, language)


def _changes(facts: Facts, language: Language) -> tuple[Row, ...]:
    """Return the subtotal before and after a change, and the difference with its sign."""
    if facts.before_subtotal_cents is None or facts.sums is None:
        return ()
    _ = catalogue(language).gettext
    before, after = facts.before_subtotal_cents, facts.sums.subtotal_cents
    sign = "+" if after >= before else "−"
    difference = formatting.money(abs(after - before), facts.currency, language)
    return (
        Row(_("Subtotal before"), formatting.money(before, facts.currency, language)),
        Row(_("Subtotal now"), formatting.money(after, facts.currency, language)),
        Row(_("Change"), sign + difference),
    )


def _returned(facts: Facts, language: Language) -> str:
    """Return what went back in all, where that is neither this refund alone nor everything."""
    is_all = facts.sums is not None and facts.returned_cents == facts.sums.total_cents
    if is_all or facts.returned_cents == facts.refund_cents:
        return ""
    return _cents(facts.returned_cents, facts, language)


def _pledges(facts: Facts, language: Language) -> tuple[Row, ...]:
    if len(facts.pledges) < 2:
        return ()
    return tuple(
        Row(_reference(each.pledge_id), _cents(each.total_cents, facts, language))
        for each in facts.pledges
    )


def _card(facts: Facts, language: Language) -> str:
    if facts.card is None:
        return ""
    _ = catalogue(language).gettext
    brand = BRANDS.get(facts.card.brand.lower()) or _("card")
    return _("%(brand)s ending %(last4)s") % {"brand": brand, "last4": facts.card.last4}


def _card_ends(mail: Mail, needed: datetime, zone: str) -> str:
    """Return the month on a card that will not last, as the card itself writes it.

    What Stripe renewed meanwhile was announced by its old month: then it is told all the same.
    """
    card = mail.facts.card
    if card is None or not card.exp_month:
        return ""
    is_over = card_life.is_over(card.exp_year, card.exp_month, needed, zone)
    is_told = is_over or mail.kind == "card_expires"
    return f"{card.exp_month:02d}/{card.exp_year % 100:02d}" if is_told else ""


def _ends(facts: Facts, zone: str, language: Language, seen: datetime) -> str:
    if facts.recovery is None:
        return ""
    return formatting.moment(facts.recovery.ends_at, zone, language, seen=seen)


def _next_day(facts: Facts, zone: str, language: Language, seen: datetime) -> str:
    """Return the day of our own next try, if the bank does not wait for the person."""
    next_at = facts.recovery.next_attempt_at if facts.recovery else None
    return formatting.day(next_at, zone, language, seen=seen) if next_at else ""


def _reference(pledge_id: PledgeId | None) -> str:
    """Return what people call a pledge by: the beginning of its id, as the site shows it."""
    return (pledge_id or "").removeprefix(ORDER_PREFIX)[:REFERENCE_LENGTH]


def _instagram(url: str) -> str:
    """Return the campaign's address elsewhere, if it plainly is one on Instagram."""
    parts = urlsplit(one_line(url))
    is_safe = parts.scheme == "https" and parts.netloc.lower() in INSTAGRAM_HOSTS
    return parts.geturl() if is_safe else ""
