"""The pledge ledger as a table: one row for everything that changed what was pledged.

Rows of one campaign add up to what its pledges hold. Source: rules.md, section 12.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, get_args

import msgspec

from contracts.api.pledges import PledgeStatus
from contracts.ids import CampaignSlug, PledgeId
from contracts.pricing import PricedLine
from services.pledges.domain.reports.cells import (
    Goods,
    Row,
    add_ons,
    dollars,
    instant,
    rewards,
    text,
)

COLUMNS = (
    *("email", "campaign", "items", "add_on_items", "campaign_subtotal"),
    *("platform_add_on_subtotal", "subtotal", "tip_percent", "tip", "tax", "shipping", "total"),
    *("status", "charged", "created_at", "order_id"),
)
# A card that is changed or charged moves nothing that was pledged.
Told = Literal["created", "modified", "cancelled"]
TOLD: tuple[Told, ...] = get_args(Told)


class LedgerPledge(msgspec.Struct, frozen=True, kw_only=True):
    """Whose history it is."""

    pledge_id: PledgeId
    campaign: CampaignSlug
    email: str
    status: PledgeStatus


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of history, with its deltas in cents."""

    pledge_id: PledgeId
    entry_type: Told
    recorded_at: datetime
    tip_percent: int
    goal_delta_cents: int
    subtotal_delta_cents: int
    shipping_delta_cents: int
    tax_delta_cents: int
    tip_delta_cents: int
    total_delta_cents: int
    lines: tuple[PricedLine, ...] | None = None


def rows(pledge: LedgerPledge, history: Iterable[LedgerEntry]) -> Iterator[Row]:
    """Return a row for each line of a pledge's history, oldest first."""
    before: tuple[PricedLine, ...] = ()
    for entry in history:
        after = entry.lines if entry.lines is not None else before
        yield _row(pledge, entry, before, after)
        before = after


def _row(
    pledge: LedgerPledge,
    entry: LedgerEntry,
    before: tuple[PricedLine, ...],
    after: tuple[PricedLine, ...],
) -> Row:
    items, products = _changed(entry, before, after)
    return (
        text(pledge.email),
        pledge.campaign,
        text(items),
        text(products),
        dollars(entry.goal_delta_cents),
        dollars(entry.subtotal_delta_cents - entry.goal_delta_cents),
        dollars(entry.subtotal_delta_cents),
        str(entry.tip_percent),
        dollars(entry.tip_delta_cents),
        dollars(entry.tax_delta_cents),
        dollars(entry.shipping_delta_cents),
        dollars(entry.total_delta_cents),
        entry.entry_type,
        "yes" if pledge.status == "charged" else "no",
        instant(entry.recorded_at),
        pledge.pledge_id,
    )


def _changed(
    entry: LedgerEntry, before: tuple[PricedLine, ...], after: tuple[PricedLine, ...]
) -> tuple[str, str]:
    """Return the cells of items and of add-ons: all there is, what changed, or what went."""
    if entry.entry_type == "created":
        return Goods(rewards(after)).told(), Goods(add_ons(after)).told()
    if entry.entry_type == "cancelled":
        return _marked("cancelled", Goods(rewards(after)).told("-")), _marked(
            "cancelled", Goods(add_ons(after)).told("-")
        )
    items = Goods(rewards(after)).told_since(Goods(rewards(before)))
    products = Goods(add_ons(after)).told_since(Goods(add_ons(before)))
    return _modified(entry, items, has_products=bool(products)), _marked("modified", products)


def _modified(entry: LedgerEntry, items: str, *, has_products: bool) -> str:
    tip = f"tip updated to {entry.tip_percent}%" if entry.tip_delta_cents else ""
    if items:
        return f"(modified) {items}; {tip}" if tip else f"(modified) {items}"
    moved = (entry.subtotal_delta_cents, entry.tax_delta_cents, entry.shipping_delta_cents)
    if tip and not has_products and not any(moved):
        return f"({tip})"
    said = "; ".join(filter(None, ("modified add-ons" if has_products else "modified", tip)))
    return f"({said})"


def _marked(word: str, told: str) -> str:
    """Return changes under a word, so that their sign does not open the cell."""
    return f"({word}) {told}" if told else ""
