"""From what to what: two states of a pledge compared, in words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from contracts.api.figures import Figures
from contracts.api.pledges import ChangePreview, PledgeRecord, RecordLine
from services.site.cart.details import option_name
from services.site.cart.naming import line_name
from services.site.public import formatting
from services.site.public.add_ons import add_on_id
from services.site.public.language import Language, catalogue

Key = tuple[str, str]


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a pledge: how many of it, or how many cents for what has no price."""

    kind: str
    name: str
    count: int

    @property
    def is_money(self) -> bool:
        """Tell whether `count` is cents."""
        return self.kind in ("support_item", "custom_amount")


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """What a pledge consists of, without its sums."""

    things: dict[Key, Held]
    tip_percent: int
    option: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One difference: what it was and what it is or would be."""

    label: str
    before: str
    after: str
    is_last: bool = False


def basket_of_record(record: PledgeRecord) -> Basket:
    """Return what a pledge contains."""
    return Basket(
        things=_things(record.lines),
        tip_percent=record.tip_percent,
        option=record.shipping_option,
    )


def basket_of_preview(preview: ChangePreview, before: PledgeRecord) -> Basket:
    """Return what a pledge would contain."""
    chosen = next((each.id for each in preview.shipping_options if each.selected), "")
    return Basket(
        things=_things(preview.lines),
        tip_percent=preview.totals.tip_percent,
        option=chosen or before.shipping_option,
    )


def basket_of_entry(entry: Mapping[str, Any], names: Mapping[Key, str]) -> Basket:
    """Return what a pledge contained after a line of its history."""
    counts: dict[Key, int] = {}
    if entry.get("tierId"):
        counts["tier", entry["tierId"]] = entry["tierQty"]
    for tier in entry.get("additionalTiers", ()):
        counts["tier", tier["id"]] = tier["qty"]
    for item in entry.get("supportItems", ()):
        counts["support_item", item["id"]] = round(item["amount"] * 100)
    if entry.get("customAmount"):
        counts["custom_amount", "custom-support"] = round(entry["customAmount"] * 100)
    for product in entry.get("bundleAddOns", ()):
        key = ("add_on", add_on_id(product["productId"], product.get("variantId") or ""))
        counts[key] = counts.get(key, 0) + product["quantity"]
        names = {**names, key: product.get("name") or product["productId"]}
    return Basket(
        things={
            key: Held(kind=key[0], name=names.get(key, key[1]), count=count)
            for key, count in counts.items()
        },
        tip_percent=int(entry.get("tipPercent") or 0),
    )


def names_of(lines: Sequence[RecordLine]) -> dict[Key, str]:
    """Return what things are called, by kind and id."""
    return {key: held.name for key, held in _things(lines).items()}


def differences(before: Basket, after: Basket, language: Language) -> tuple[Row, ...]:
    """Return every thing of which there is more or less, then tip and delivery."""
    texts = catalogue(language)
    rows = [
        _row(before.things.get(key), after.things.get(key), language)
        for key in dict.fromkeys((*before.things, *after.things))
        if _count(before.things.get(key)) != _count(after.things.get(key))
    ]
    if before.tip_percent != after.tip_percent:
        rows.append(
            Row(
                label=texts.gettext("Tip"),
                before=formatting.percent(before.tip_percent, language),
                after=formatting.percent(after.tip_percent, language),
            )
        )
    if before.option and after.option and before.option != after.option:
        rows.append(
            Row(
                label=texts.gettext("Delivery"),
                before=option_name(before.option, language),
                after=option_name(after.option, language),
            )
        )
    return tuple(rows)


def sums_compared(before: Figures, after: Figures, language: Language) -> tuple[Row, ...]:
    """Return shipping and tax where they differ, and the new total last, always."""
    texts = catalogue(language)
    figures = (
        (texts.gettext("Shipping"), before.shipping, after.shipping),
        (texts.gettext("Sales tax"), before.tax, after.tax),
    )
    rows = [
        Row(label=label, before=cents(was), after=cents(now))
        for label, was, now in figures
        if was != now
    ]
    total = Row(
        label=texts.gettext("Total, if the film is funded"),
        before=cents(before.amount),
        after=cents(after.amount),
        is_last=True,
    )
    return (*rows, total)


def cents(amount: int) -> str:
    """Return dollars with their cents."""
    return formatting.money(amount, always_cents=True)


def _things(lines: Sequence[RecordLine]) -> dict[Key, Held]:
    found: dict[Key, Held] = {}
    for line in lines:
        is_money = line.kind in ("support_item", "custom_amount")
        inner = line.item_id
        if line.kind == "add_on":
            inner = add_on_id(inner, line.variant_id or "")
        key = (line.kind, "custom-support" if line.kind == "custom_amount" else inner)
        before = found[key].count if key in found else 0
        more = line.amount if is_money else line.quantity
        found[key] = Held(kind=line.kind, name=line.label, count=before + more)
    return found


def _row(before: Held | None, after: Held | None, language: Language) -> Row:
    some = after or before
    assert some is not None, "a difference is about something"
    return Row(
        label=line_name(some.kind, some.name, language),
        before=_told(before, some, language),
        after=_told(after, some, language),
    )


def _told(held: Held | None, some: Held, language: Language) -> str:
    if held is None:
        return catalogue(language).gettext("none")
    return cents(held.count) if some.is_money else str(held.count)


def _count(held: Held | None) -> int:
    return held.count if held else 0
