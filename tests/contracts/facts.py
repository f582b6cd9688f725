"""What the sample messages speak of: one campaign, one order, one supporter."""

from datetime import UTC, datetime

import msgspec

from contracts.campaign import (
    AddOn,
    AddOnVariant,
    CampaignDefinition,
    Decision,
    Package,
    StretchGoal,
    SupportItem,
    Tier,
    TierField,
)
from contracts.events import checkout, pledges
from contracts.ids import CampaignSlug, ChargeId, EventId, OrderId, PledgeId, supporter_id
from contracts.money import Cents
from contracts.pricing import PriceBreakdown, PricedLine, Why

AT = datetime(2026, 1, 15, 12, 0, 0, 250_000, tzinfo=UTC)
STARTS = datetime(2026, 1, 1, 7, 0, tzinfo=UTC)
DEADLINE = datetime(2026, 2, 1, 7, 0, tzinfo=UTC)
SLUG = CampaignSlug("hand-relations")
ORDER = OrderId("pool-intent-3f9a61c2d4b84e07a5c1908e7d2b6f43")
PLEDGE = PledgeId(ORDER)
EMAIL = "zoë@halfmoon.example"
SUPPORTER = supporter_id(EMAIL)
CHARGE = ChargeId("chg_019bc1a47d107c0e8e0f6b5a")

CARD = checkout.Card(
    customer_id="cus_TmQ3xV7yR2b9Lk",
    payment_method_id="pm_1SpXn2K8aQf3ZrTy",
    brand="visa",
    last4="4242",
    exp_month=8,
    exp_year=2031,
    fingerprint="mB2vQx7Lc0dHs9Ka",
)
LINES = (
    PricedLine(
        kind="tier",
        item_id="producer-credit",
        label="Producer credit",
        quantity=2,
        unit_cents=Cents(1_500),
        total_cents=Cents(3_000),
        is_physical=True,
    ),
    PricedLine(
        kind="support_item",
        item_id="location-scouting",
        label="Location scouting",
        quantity=1,
        unit_cents=Cents(1_000),
        total_cents=Cents(1_000),
    ),
    PricedLine(
        kind="add_on",
        item_id="tote-bag",
        variant_id="black",
        label="Tote bag, black",
        quantity=1,
        unit_cents=Cents(1_000),
        total_cents=Cents(1_000),
        counts_toward_goal=False,
        is_physical=True,
    ),
)
PRICE = PriceBreakdown(
    subtotal_cents=Cents(5_000),
    shipping_cents=Cents(300),
    tax_cents=Cents(394),
    tip_percent=5,
    tip_cents=Cents(250),
    total_cents=Cents(5_944),
    goal_cents=Cents(4_000),
    tax_provider="flat",
    tax_rate="0.07875",
    shipping_source="fallback",
    why=(Why(figure="tax", rule="flat", inputs={"rate": "0.07875", "subtotal_cents": 5_000}),),
)
NOTICE = pledges.SupporterNotice(
    supporter_id=SUPPORTER,
    email=EMAIL,
    language="es",
    pledge_ids=(PLEDGE,),
    lines=LINES,
    subtotal_cents=Cents(5_000),
    shipping_cents=Cents(300),
    tax_cents=Cents(394),
    tip_cents=Cents(250),
    total_cents=Cents(5_944),
    card=CARD,
)


def an_id(number: int) -> EventId:
    """Return the id of the sample with that number."""
    return EventId(f"019bc1a4-7d10-7c0e-8e0f-6b5a00000{number:03d}")


def a_snapshot(status: str, revision: int) -> pledges.PledgeSnapshot:
    """Return the pledge at a revision."""
    return msgspec.convert(
        {
            "pledge_id": PLEDGE,
            "order_id": ORDER,
            "campaign": SLUG,
            "supporter_id": SUPPORTER,
            "email": EMAIL,
            "language": "es",
            "revision": revision,
            "status": status,
            "lines": LINES,
            "price": PRICE,
            "card": CARD,
            "created_at": AT,
        },
        pledges.PledgeSnapshot,
        from_attributes=True,
    )


DEFINITION = CampaignDefinition(
    slug=SLUG,
    version=3,
    title="Hand Relations",
    starts_at=STARTS,
    deadline_at=DEADLINE,
    timezone="America/Denver",
    goal_cents=Cents(2_500_000),
    creator_name="Inés Quintero",
    instagram_url="https://instagram.com/handrelations",
    category="Short Film",
    tiers=(
        Tier(
            tier_id="producer-credit",
            name="Producer credit",
            price_cents=Cents(1_500),
            limit_total=40,
            is_stackable=True,
            category="physical",
            package=Package(weight_oz="6.5", length_in="9", width_in="6", height_in="1"),
            fields=(TierField(name="Name in the credits", is_required=True),),
        ),
    ),
    support_items=(
        SupportItem(
            item_id="location-scouting", label="Location scouting", target_cents=Cents(50_000)
        ),
    ),
    add_ons=(
        AddOn(
            product_id="tote-bag",
            name="Tote bag",
            price_cents=Cents(1_000),
            inventory=25,
            variants=(AddOnVariant(variant_id="black", label="Black", inventory=10),),
        ),
    ),
    stretch_goals=(StretchGoal(threshold_cents=Cents(3_000_000), title="An original score"),),
    decisions=(
        Decision(
            decision_id="poster",
            kind="vote",
            title="Which poster?",
            options=("hands", "river"),
            closes_at=DEADLINE,
        ),
    ),
)
