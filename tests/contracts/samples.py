"""One real message of every event, and the golden bytes it once became.

`python -m tests.contracts.samples` writes the golden file of an event that has none. A
file that exists is never written again: it is what yesterday's services said.
"""

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from contracts.campaign import (
    AddOn,
    AddOnVariant,
    CampaignDefinition,
    Decision,
    Package,
    PlatformDefinition,
    StretchGoal,
    SupportItem,
    Tier,
    TierField,
)
from contracts.events import campaigns, checkout, pledges, settlement
from contracts.events.base import Event
from contracts.ids import CampaignSlug, ChargeId, EventId, OrderId, PledgeId, supporter_id
from contracts.money import Cents
from contracts.pricing import Address, PriceBreakdown, PricedLine, PricedPledge, Why
from contracts.subjects import tag

GOLDEN = Path(__file__).parent / "golden"

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


def _id(number: int) -> EventId:
    return EventId(f"019bc1a4-7d10-7c0e-8e0f-6b5a00000{number:03d}")


def _pledge(status: str, revision: int) -> pledges.PledgeSnapshot:
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

SAMPLES: tuple[Event, ...] = (
    campaigns.CampaignPublished(event_id=_id(1), occurred_at=AT, definition=DEFINITION),
    campaigns.PlatformPublished(
        event_id=_id(2), occurred_at=AT, definition=PlatformDefinition(version=2)
    ),
    checkout.CheckoutCompleted(
        event_id=_id(3),
        occurred_at=AT,
        order_id=ORDER,
        supporter_id=SUPPORTER,
        email=EMAIL,
        language="es",
        pledges=(
            PricedPledge(
                pledge_id=PLEDGE, campaign=SLUG, definition_version=3, lines=LINES, price=PRICE
            ),
        ),
        card=CARD,
        completed_at=AT,
        consent=checkout.Consent(version="2026-01", language="es", given_at=AT),
        attribution=checkout.Attribution(ref="poster", utm_source="newsletter"),
        shipping_address=Address(
            name="Zoë Ortega",
            address1="123 Main St",
            city="Albuquerque",
            province="NM",
            postal_code="87101",
            country="US",
        ),
    ),
    checkout.CheckoutRefused(
        event_id=_id(4),
        occurred_at=AT,
        order_id=ORDER,
        email=EMAIL,
        language="es",
        campaign=SLUG,
        reason="sold_out",
    ),
    checkout.CheckoutDrained(
        event_id=_id(5),
        occurred_at=DEADLINE,
        campaign=SLUG,
        order_count=0,
        order_hash="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    checkout.StockChanged(
        event_id=_id(6),
        occurred_at=AT,
        campaign=SLUG,
        version=17,
        tiers={"producer-credit": checkout.TierStock(limit_total=40, claimed=2, reserved=1)},
    ),
    pledges.PledgeCreated(event_id=_id(7), occurred_at=AT, pledge=_pledge("active", 1)),
    pledges.PledgeCancelled(event_id=_id(8), occurred_at=AT, pledge=_pledge("cancelled", 2)),
    pledges.PledgeRefused(
        event_id=_id(9),
        occurred_at=AT,
        pledge_id=PLEDGE,
        order_id=ORDER,
        campaign=SLUG,
        email=EMAIL,
        language="es",
        lines=LINES,
    ),
    pledges.CampaignClosed(
        event_id=_id(10),
        occurred_at=DEADLINE,
        campaign=SLUG,
        is_funded=True,
        pledged_cents=Cents(2_504_000),
        pledge_count=626,
        goal_cents=Cents(2_500_000),
        closed_at=DEADLINE,
    ),
    pledges.ChargeRequested(
        event_id=_id(11),
        occurred_at=DEADLINE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        pledge_ids=(PLEDGE,),
        amount_cents=Cents(5_944),
        card=CARD,
    ),
    pledges.PledgesReleased(event_id=_id(12), occurred_at=DEADLINE, campaign=SLUG, notice=NOTICE),
    pledges.PledgesCharged(
        event_id=_id(13), occurred_at=DEADLINE, campaign=SLUG, notice=NOTICE, charged_at=DEADLINE
    ),
    pledges.PledgesChargeFailed(
        event_id=_id(14),
        occurred_at=DEADLINE,
        campaign=SLUG,
        notice=NOTICE,
        failed_at=DEADLINE,
        decline_code="insufficient_funds",
    ),
    pledges.TotalsChanged(
        event_id=_id(15),
        occurred_at=AT,
        campaign=SLUG,
        version=41,
        pledged_cents=Cents(4_000),
        pledge_count=1,
        tier_counts={"producer-credit": 2},
        support_item_cents={"location-scouting": Cents(1_000)},
        supporter_count=1,
    ),
    settlement.CampaignWentLive(
        event_id=_id(16), occurred_at=STARTS, campaign=SLUG, starts_at=STARTS
    ),
    settlement.DeadlinePassed(
        event_id=_id(17), occurred_at=DEADLINE, campaign=SLUG, deadline_at=DEADLINE
    ),
    settlement.ChargeDue(event_id=_id(18), occurred_at=DEADLINE, charge_id=CHARGE, campaign=SLUG),
    settlement.ChargeSucceeded(
        event_id=_id(19),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        amount_cents=Cents(5_944),
        payment_intent_id="pi_3SpXq9K8aQf3ZrTy1xM0pLwd",
        stripe_charge_id="ch_3SpXq9K8aQf3ZrTy1k8WvTqN",
        succeeded_at=DEADLINE,
    ),
    settlement.ChargeDeclined(
        event_id=_id(20),
        occurred_at=DEADLINE,
        charge_id=CHARGE,
        campaign=SLUG,
        supporter_id=SUPPORTER,
        purpose="settlement",
        amount_cents=Cents(5_944),
        payment_intent_id="pi_3SpXq9K8aQf3ZrTy1xM0pLwd",
        attempt=1,
        code="card_declined",
        decline_code="insufficient_funds",
        needs_authentication=False,
        declined_at=DEADLINE,
    ),
)


def golden_file(event_type: type[Event]) -> Path:
    """Return where an event's golden bytes are."""
    return GOLDEN / f"{tag(event_type)}.json"


def write_missing() -> list[str]:
    """Write the golden bytes of samples that have none; return which."""
    written: list[str] = []
    for sample in SAMPLES:
        path = golden_file(type(sample))
        if not path.exists():
            path.write_bytes(msgspec.json.encode(sample) + b"\n")
            written.append(path.name)
    return written


if __name__ == "__main__":
    write_missing()
