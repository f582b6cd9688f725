"""The one question between services: what would a revision cost, and can it be had?

The ledger writes a revision as proposed, then asks here; checkout prices it and reserves
what it adds, under the name of the proposal. The same question again gets the same answer
and reserves nothing more. Source: decisions "Cart, price, stock"; reliability R-11.
"""

from typing import Any

import msgspec

from contracts.ids import CampaignSlug, OrderId, PledgeId
from contracts.money import Cents
from contracts.pricing import Address, LineKind, PricedLine, PricedPledge

QUOTE_SECONDS = 3.0
"""How long the ledger waits. Without an answer it abandons the proposal."""


class WantedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing the pledge shall contain. Money is chosen only where there is no price."""

    kind: LineKind
    item_id: str
    quantity: int = 1
    variant_id: str | None = None
    # Cents, for support items and the custom amount.
    amount_cents: Cents | None = None
    answers: dict[str, str] = {}
    # What the person's program called it: a refusal names this.
    field: str = ""


class QuoteRevision(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of a pledge as it shall be at `revision`, and as it is before it.

    `proposal` counts the tries of one revision (1, 2, 3 …): an abandoned one is over,
    and the next revision that is proposed may have the same number again.
    """

    pledge_id: PledgeId
    order_id: OrderId
    campaign: CampaignSlug
    revision: int
    proposal: int
    current: tuple[PricedLine, ...]
    wanted: tuple[WantedLine, ...]
    tip_percent: int
    shipping_option: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    # What the person was shown, in cents; another price is refused, and nothing reserved.
    expected_cents: Cents | None = None
    # Without it only the price is asked for, and the proposal's number means nothing.
    is_held: bool = True


class RevisionQuoted(msgspec.Struct, frozen=True, kw_only=True, tag="quoted"):
    """The revision can be had for this, and what it adds is reserved."""

    pledge: PricedPledge


class RevisionRefused(msgspec.Struct, frozen=True, kw_only=True, tag="refused"):
    """It cannot, for a reason to be handed on as it is. Nothing is reserved."""

    status: int
    reason: str
    message: str
    fields: dict[str, str] = {}
    extra: dict[str, Any] = {}


QuoteAnswer = RevisionQuoted | RevisionRefused
