"""What happened to a pledge, line by line, in words. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.api.pledges import PledgeRecord
from services.site.cart.shop import Shop
from services.site.manage.changes import Key, basket_of_entry, cents, differences, names_of
from services.site.manage.shown import Told
from services.site.public import formatting
from services.site.public.language import Language, catalogue

Names = dict[Key, str]


def history(
    record: PledgeRecord, shop: Shop, language: Language, *, since: int = 0
) -> tuple[Told, ...]:
    """Return every line of a pledge's history after revision `since`, oldest first."""
    names = thing_names(record, shop)
    told: list[Told] = []
    total = 0
    for at, entry in enumerate(record.history):
        is_first = entry["type"] == "created"
        total += int(entry.get("amount" if is_first else "amountDelta") or 0)
        before = record.history[at - 1] if at else None
        text = _text(entry, before, total, names, language)
        if text and at >= since:
            told.append(Told(when=_day(entry, shop, language), text=text))
    return tuple(told)


def thing_names(record: PledgeRecord, shop: Shop) -> Names:
    """Return what things are called: as they were pledged, else as the film calls them now."""
    state = shop.campaign(record.campaign_slug)
    names: Names = {}
    if state is not None:
        names |= {("tier", tier.tier_id): tier.name for tier in state.definition.tiers}
        names |= {
            ("support_item", item.item_id): item.label for item in state.definition.support_items
        }
    return {**names, **names_of(record.lines)}


def _text(
    entry: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    total: int,
    names: Names,
    language: Language,
) -> str:
    _ = catalogue(language).gettext
    kind = entry["type"]
    amount = {"amount": cents(int(entry.get("amount") or 0))}
    if kind == "modified":
        return _changed(entry, before, total, names, language)
    if kind == "card_changed":
        card = entry.get("card") or {}
        words = {"brand": brand(str(card.get("brand", ""))), "last4": card.get("last4", "")}
        return _("Another card: %(brand)s ending %(last4)s") % words
    sentences = {
        "created": _("Pledged %(amount)s") % amount,
        "cancelled": _("Cancelled"),
        "charged": _("Charged %(amount)s") % amount,
        "charge_failed": _("Charge of %(amount)s declined") % {"amount": cents(total)},
        "released": _("Released, nothing charged"),
        "lost": _("The time to pay ended"),
        "refunded": _("Refunded %(amount)s") % amount,
        "refund_failed": _("The refund did not arrive"),
        "disputed": _("Your bank was asked to take it back"),
        "dispute_closed": _("Your bank has decided"),
    }
    return sentences.get(kind, "")


def _changed(
    entry: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    total: int,
    names: Names,
    language: Language,
) -> str:
    """Return “Changed to $79.01: Frame 1 → 2, Tip 5% → 10%”, without an arrow."""
    texts = catalogue(language)
    words = texts.gettext("Changed to %(amount)s") % {"amount": cents(total)}
    if before is None:
        return words
    rows = differences(basket_of_entry(before, names), basket_of_entry(entry, names), language)
    said = [
        texts.gettext("%(name)s from %(before)s to %(after)s")
        % {"name": row.label, "before": row.before, "after": row.after}
        for row in rows
    ]
    return f"{words}. {'; '.join(said)}" if said else words


def brand(name: str) -> str:
    """Return a card's brand as people write it."""
    return name[:1].upper() + name[1:]


def _day(entry: Mapping[str, Any], shop: Shop, language: Language) -> str:
    at = datetime.fromisoformat(str(entry["at"]))
    return formatting.date(at, shop.platform.timezone, language)
