"""One pledge as a card: how it stands, what it costs and why, and what may be done. Pure."""

from collections.abc import Sequence

from contracts.api.figures import Figures
from contracts.api.pledges import LinkedRecord, PledgeRecord, RecordLine
from services.site.cart.naming import line_name
from services.site.cart.shop import Shop
from services.site.cart.shown import TotalRow
from services.site.cart.sums import sum_rows
from services.site.manage.changes import cents
from services.site.manage.history import brand, history
from services.site.manage.shown import Card
from services.site.manage.standing import standing_of
from services.site.public import formatting
from services.site.public.language import Language, catalogue, prefix
from services.site.public.state import CampaignState
from services.site.public.views import Fact, Notice, Waterline
from services.site.public.waterline import small_waterline

OWES_NOTHING = ("released", "cancelled", "lost")


def card(
    record: LinkedRecord, records: Sequence[PledgeRecord], shop: Shop, language: Language
) -> Card:
    """Return a pledge's card among those of the same checkout."""
    state = shop.campaign(record.campaign_slug)
    standing = standing_of(record)
    owed = 0 if standing in OWES_NOTHING else record.amount
    is_live = state is not None and state.stage_at(shop.now) == "live"
    recovery = record.recovery if standing == "payment_failed" else None
    return Card(
        key=f"pledge-{record.campaign_slug}",
        token=record.token,
        title=record.campaign_title or record.campaign_slug,
        url=f"{prefix(language)}/campaigns/{record.campaign_slug}/" if state else "",
        picture=state.content.square if state else None,
        tag=tag(standing, language),
        lines=tuple(line_words(line, language) for line in record.lines),
        facts=_facts(record, state, shop, language),
        note=_note(record, state, shop, language),
        notice=_notice(record, shop, language),
        sum=cents(owed),
        means=_means(standing, language),
        totals=totals(record, shop, language),
        history=history(record, shop, language),
        bar=_bar(state, shop, language),
        left=formatting.days_left(record.deadline, shop.now, language) if is_live else "",
        can_modify=record.can_modify,
        can_cancel=record.can_cancel,
        can_change_card=record.can_update_payment_method and standing not in OWES_NOTHING,
        card_words=card_words(record, language),
        pays_for=_pays_for(record, records, language),
        has_recovery=recovery is not None,
        needs_bank=recovery is not None and recovery.needs_authentication,
        next_try=_next_try(record, shop, language),
        mark=mark(record),
    )


def mark(record: PledgeRecord) -> str:
    """Return what changes when a charge was decided; that a card was saved is not that."""
    charges = sum(str(entry["type"]).startswith("charge") for entry in record.history)
    return f"{standing_of(record)}:{charges}"


def totals(record: PledgeRecord, shop: Shop, language: Language) -> tuple[TotalRow, ...]:
    """Return every figure of a pledge with its reason; the last names its condition."""
    texts = catalogue(language)
    rows = sum_rows(
        figures(record),
        [record],
        {},
        platform_name=shop.platform.platform_name,
        place="",
        states={},
        language=language,
    )
    labels = {
        "charged": texts.gettext("Charged"),
        "payment_failed": texts.gettext("To be charged"),
        "late": texts.gettext("To be charged"),
        "cancelled": texts.gettext("Was pledged"),
        "released": texts.gettext("Was pledged"),
        "lost": texts.gettext("Was pledged"),
    }
    label = labels.get(standing_of(record), texts.gettext("Total, if the film is funded"))
    return (*rows, TotalRow(label=label, amount=cents(record.amount), is_last=True))


def figures(record: PledgeRecord) -> Figures:
    """Return a pledge's sums by themselves."""
    return Figures(
        subtotal=record.subtotal,
        shipping=record.shipping,
        tax=record.tax,
        tip_percent=record.tip_percent,
        tip_amount=record.tip_amount,
        amount=record.amount,
    )


def line_words(line: RecordLine, language: Language) -> str:
    """Return “Digital premiere × 2”."""
    name = line_name(line.kind, line.label, language)
    return f"{name} × {line.quantity}" if line.quantity > 1 else name


def card_words(record: PledgeRecord, language: Language) -> str:
    """Return “Visa ending 4242”."""
    return catalogue(language).gettext("%(brand)s ending %(last4)s") % {
        "brand": brand(record.card.brand),
        "last4": record.card.last4,
    }


def last_moment(record: PledgeRecord, shop: Shop, language: Language) -> str:
    """Return the last minute that counts: “Sunday, December 13, 11:59 pm Mountain Time”."""
    zone = shop.platform.timezone
    last = formatting.last_minute(record.deadline)
    return f"{formatting.weekday(last, zone, language)}, {formatting.time(last, zone, language)}"


def tag(standing: str, language: Language) -> Fact:
    """Return the state of a pledge in two or three words."""
    _ = catalogue(language).gettext
    tags = {
        "active": Fact(icon="shield-check", text=_("Card saved, not charged"), tone="pool"),
        "locked": Fact(icon="lock", text=_("Locked, being counted")),
        "late": Fact(icon="clock", text=_("Being charged"), tone="pool"),
        "charged": Fact(icon="check", text=_("Paid"), tone="good"),
        "payment_failed": Fact(icon="circle-alert", text=_("Card declined"), tone="bad"),
        "lost": Fact(icon="circle-slash", text=_("Not paid")),
        "released": Fact(icon="circle-slash", text=_("Not funded")),
        "cancelled": Fact(icon="circle-slash", text=_("Cancelled")),
    }
    return tags[standing]


def _means(standing: str, language: Language) -> str:
    _ = catalogue(language).gettext
    words = {
        "active": _("only if funded"),
        "locked": _("if funded, charged in a moment"),
        "late": _("charged now, once"),
        "charged": _("one charge"),
        "payment_failed": _("to be charged when a card works"),
        "lost": _("nothing was charged"),
        "released": _("nothing was charged"),
        "cancelled": _("nothing is charged"),
    }
    return words[standing]


def _facts(
    record: PledgeRecord, state: CampaignState | None, shop: Shop, language: Language
) -> tuple[tuple[str, str], ...]:
    texts = catalogue(language)
    zone = shop.platform.timezone
    decides = texts.gettext("Closed on") if record.deadline_passed else texts.gettext("Decides on")
    rows = [(decides, last_moment(record, shop, language))]
    if state is not None and standing_of(record) in ("active", "locked"):
        stands = texts.gettext("%(pledged)s of %(goal)s") % {
            "pledged": formatting.money(state.pledged_cents),
            "goal": formatting.money(state.definition.goal_cents),
        }
        rows.append((texts.gettext("Stands at"), stands))
    if record.charged_at:
        rows.append((texts.gettext("Charged"), formatting.date(record.charged_at, zone, language)))
    if record.returned_amount:
        rows.append((texts.gettext("Given back"), cents(record.returned_amount)))
    if record.cancelled_at:
        when = formatting.date(record.cancelled_at, zone, language)
        rows.append((texts.gettext("Cancelled"), when))
    rows.append((texts.gettext("Card"), card_words(record, language)))
    rows.append((texts.gettext("Reference"), reference(record)))
    return tuple(rows)


def reference(record: PledgeRecord) -> str:
    """Return what a person may call a pledge when they write to us."""
    return record.order_id.removeprefix("pool-intent-")[:12]


def _note(record: PledgeRecord, state: CampaignState | None, shop: Shop, language: Language) -> str:
    _ = catalogue(language).gettext
    if standing_of(record) == "released" and state is not None and state.is_cancelled:
        return _("The campaign was ended early. You were not charged.")
    words = {"deadline": last_moment(record, shop, language)}
    notes = {
        "active": _("You can change or cancel until %(deadline)s.") % words,
        "locked": _(
            "The deadline has passed and pledges are being counted. Nothing can be changed now,"
            " but the card."
        ),
        "late": _("The film is funded. We charge your card now and confirm it by email."),
        "charged": _("The film reached its goal. Thank you."),
        "released": _("The film didn't reach its goal. You were not charged."),
        "lost": _("The time to pay is over. Nothing was taken, and you owe nothing."),
        "cancelled": _("This pledge was cancelled. You were not charged."),
    }
    return notes.get(standing_of(record), "")


def _notice(record: PledgeRecord, shop: Shop, language: Language) -> Notice | None:
    if standing_of(record) != "payment_failed":
        return None
    _ = catalogue(language).gettext
    recovery = record.recovery
    title = _("Your bank declined the charge.")
    if recovery is not None and recovery.needs_authentication:
        title = _("Your bank wants you to confirm.")
    text = _("You were not charged. Your email says what happens next.")
    if recovery is not None:
        day = formatting.weekday(recovery.ends_at, shop.platform.timezone, language)
        text = _(
            "The pledge stays open until %(day)s."
            " After that it is lost to the film, and you owe nothing."
        ) % {"day": day}
    return Notice(tone="bad", icon="credit-card", title=title, text=text)


def _next_try(record: PledgeRecord, shop: Shop, language: Language) -> str:
    _ = catalogue(language).gettext
    recovery = record.recovery
    if recovery is None:
        return ""
    if recovery.next_attempt_at is None or recovery.needs_authentication:
        return _("We don't try this card again by ourselves.")
    day = formatting.date(recovery.next_attempt_at, shop.platform.timezone, language)
    return _("We try this card again on %(day)s.") % {"day": day}


def _pays_for(record: PledgeRecord, records: Sequence[PledgeRecord], language: Language) -> str:
    """Return what another card is for: this pledge, and any other to the same film."""
    texts = catalogue(language)
    words = {"amount": cents(record.amount), "title": record.campaign_title}
    if standing_of(record) in ("active", "locked"):
        return (
            texts.gettext(
                "The new card pays for all your pledges to %(title)s, this one of %(amount)s"
                " among them, and only if it is funded. Nothing is charged today."
            )
            % words
        )
    return ""


def _bar(state: CampaignState | None, shop: Shop, language: Language) -> Waterline | None:
    if state is None:
        return None
    stage = state.stage_at(shop.now)
    return small_waterline(state, stage, language) if stage in ("live", "closing") else None
