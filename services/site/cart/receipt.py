"""An order becomes a receipt: what was pledged, where it stands, and what happens next. Pure."""

from datetime import datetime

import msgspec

from contracts.api.checkout import QuotedLine, Summary, SummaryCampaign
from contracts.ids import ORDER_PREFIX
from services.site.cart.form import ITEM, Pair, takes_amount
from services.site.cart.late import is_charged_now
from services.site.cart.naming import line_name
from services.site.cart.shop import Shop
from services.site.cart.shown import TotalRow
from services.site.cart.standing import standing_of, tag, words
from services.site.cart.sums import sum_rows
from services.site.public import formatting
from services.site.public.language import Language, catalogue, prefix
from services.site.public.state import Picture
from services.site.public.views import Fact, Notice

REFRESH_SECONDS = {"saving": 3, "waiting": 3, "away": 10}


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """One film's part of a receipt."""

    title: str
    picture: Picture | None
    lines: tuple[TotalRow, ...]
    notice: Notice | None = None


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens next: when, and what."""

    when: str
    text: str
    is_now: bool = False


class SuccessPage(msgspec.Struct, frozen=True, kw_only=True):
    """The page people come back to. `refresh_seconds` 0: nothing is awaited any more."""

    language: Language
    slug: str
    title: str
    url: str
    order_id: str
    status: str
    tag: Fact | None
    heading: str
    lead: str
    reference: str = ""
    warning: Notice | None = None
    refresh_seconds: int = 0
    bought: tuple[Bought, ...] = ()
    totals: tuple[TotalRow, ...] = ()
    next: tuple[Moment, ...] = ()


def success_page(
    receipt: Summary | None,
    shop: Shop,
    slug: str,
    language: Language,
    *,
    order_id: str = "",
    is_away: bool = False,
) -> SuccessPage:
    """Return what is known of an order: nothing is called a pledge before it is one."""
    standing = standing_of(receipt, is_away=is_away)
    state = shop.campaign(slug)
    title = state.definition.title if state else slug
    heading, lead = words(standing, receipt, language)
    page = SuccessPage(
        language=language,
        slug=slug,
        title=title,
        url=f"{prefix(language)}/campaigns/{slug}/",
        order_id=order_id,
        status=receipt.status if receipt else "away" if is_away else "",
        tag=tag(standing, language),
        heading=heading,
        lead=lead,
        refresh_seconds=REFRESH_SECONDS.get(standing, 0) if order_id else 0,
    )
    if receipt is None or standing in ("nothing", "unknown"):
        return page
    return msgspec.structs.replace(
        page,
        reference=catalogue(language).gettext("Pledge %(id)s")
        % {"id": receipt.order_id.removeprefix(ORDER_PREFIX)[:8]},
        warning=_card_warning(receipt, shop, language),
        bought=tuple(_bought(share, shop, language) for share in receipt.campaigns),
        totals=_totals(receipt, shop, language),
        next=_next(receipt, shop, language),
    )


def resume_pairs(receipt: Summary) -> tuple[Pair, ...]:
    """Return an order as the pairs of a cart's form: what was wanted, to be wanted again."""
    lines = [line for share in receipt.campaigns for line in share.lines]
    return (
        *((f"{ITEM}{line.id}", _wanted(line)) for line in lines),
        ("tip", str(receipt.totals.tip_percent)),
        # What the order still holds is given back before anything is taken again.
        ("order", receipt.order_id),
    )


def _wanted(line: QuotedLine) -> str:
    if takes_amount(line.id):
        return f"{line.amount // 100}.{line.amount % 100:02d}"
    return str(line.quantity)


def _bought(share: SummaryCampaign, shop: Shop, language: Language) -> Bought:
    state = shop.campaign(share.campaign_slug)
    return Bought(
        title=share.title,
        picture=state.content.square if state else None,
        lines=tuple(
            TotalRow(label=_line_label(line, language), amount=_money(line.amount))
            for line in share.lines
        ),
        notice=_refused(share, language),
    )


def _card_warning(receipt: Summary, shop: Shop, language: Language) -> Notice | None:
    """Return what is said at once about a card that will not last."""
    found = receipt.card_warning
    if found is None:
        return None
    _ = catalogue(language).gettext
    words = {
        "month": f"{found.exp_month:02d}/{found.exp_year}",
        "day": formatting.date(found.needed_until, shop.platform.timezone, language),
    }
    return Notice(
        tone="lamp",
        icon="credit-card",
        title=_("Your card expires at the end of %(month)s.") % words,
        text=_(
            "It may be charged until %(day)s. Use another card by then, so the pledge can count."
        )
        % words,
    )


def _line_label(line: QuotedLine, language: Language) -> str:
    name = line_name(line.kind, line.label, language)
    return f"{name} × {line.quantity}" if line.quantity > 1 else name


def _refused(share: SummaryCampaign, language: Language) -> Notice | None:
    if share.state != "refused":
        return None
    _ = catalogue(language).gettext
    title = {"title": share.title}
    text = (
        _("What you chose was sold out before your card was saved.")
        if share.reason == "sold_out"
        else _("The campaign closed before your card was saved.")
    )
    return Notice(
        tone="lamp",
        icon="circle-alert",
        title=_("%(title)s is not part of your pledge. You don't pay for it.") % title,
        text=text,
    )


def _totals(receipt: Summary, shop: Shop, language: Language) -> tuple[TotalRow, ...]:
    texts = catalogue(language)
    shares = receipt.campaigns
    rows = sum_rows(
        receipt.totals,
        shares,
        {share.campaign_slug: share.title for share in shares},
        platform_name=shop.platform.platform_name,
        place="",
        states={},
        language=language,
    )
    if is_charged_now(shares):
        label = texts.gettext("Total, charged now")
    elif len(shares) > 1:
        label = texts.gettext("Total, if all films are funded")
    else:
        label = texts.gettext("Total, if the film is funded")
    last = TotalRow(label=label, amount=_money(receipt.totals.amount), is_last=True)
    return (*rows, last)


def _next(receipt: Summary, shop: Shop, language: Language) -> tuple[Moment, ...]:
    """Return today, and for each film its deadline and the day after it, in their order."""
    _ = catalogue(language).gettext
    if is_charged_now(receipt.campaigns):
        return _charged(receipt, shop, language)
    today = Moment(when=_("Today"), text=_("Card saved. You paid $0.00."), is_now=True)
    if receipt.status not in ("persisted", "completed"):
        today = Moment(when=_("Today"), text=_("You pay $0.00."), is_now=True)
    known: list[tuple[datetime, SummaryCampaign]] = [
        (state.definition.deadline_at, share)
        for share in receipt.campaigns
        if share.state != "refused" and (state := shop.campaign(share.campaign_slug))
    ]
    moments = [today]
    for _until, share in sorted(known, key=lambda pair: pair[0]):
        moments += _after(share, shop, language, is_alone=len(known) == 1)
    return tuple(moments)


def _charged(receipt: Summary, shop: Shop, language: Language) -> tuple[Moment, ...]:
    """Return what follows on support after the end: one charge, and word of it."""
    _ = catalogue(language).gettext
    amount = {"amount": _money(receipt.totals.amount)}
    days = {"days": shop.platform.recovery_window_days}
    return (
        Moment(
            when=_("Today"), text=_("Your card is charged %(amount)s, once.") % amount, is_now=True
        ),
        Moment(
            when=_("In a minute or two"),
            text=_(
                "An email confirms the charge. If your bank says no, it says what to do, and you"
                " have %(days)s days for it."
            )
            % days,
        ),
    )


def _after(
    share: SummaryCampaign, shop: Shop, language: Language, *, is_alone: bool
) -> tuple[Moment, ...]:
    _ = catalogue(language).gettext
    state = shop.campaign(share.campaign_slug)
    if state is None:
        return ()
    zone, until = state.definition.timezone, state.definition.deadline_at
    last = formatting.last_minute(until)
    when = f"{formatting.weekday(last, zone, language)}, {formatting.time(last, zone, language)}"
    words = {
        "title": share.title,
        "goal": formatting.money(state.definition.goal_cents),
        "amount": _money(share.amount),
    }
    charge = (
        _("If funded: one charge of %(amount)s. If not: no charge, and an email that says so.")
        if is_alone
        else _(
            "If %(title)s is funded: one charge of %(amount)s."
            " If not: no charge, and an email that says so."
        )
    )
    return (
        Moment(
            when=when,
            text=_(
                "%(title)s reaches %(goal)s, or it doesn't. Until then you can change or cancel."
            )
            % words,
        ),
        Moment(when=formatting.weekday(until, zone, language), text=charge % words),
    )


def _money(cents: int) -> str:
    return formatting.money(cents, always_cents=True)
