"""Campaigns and orders for the ledger's tests, with the specification's own figures."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Literal, TypeVar

import msgspec

from contracts.campaign import CampaignDefinition, Tier
from contracts.events.base import Event
from contracts.events.campaigns import CampaignPublished
from contracts.events.checkout import Card, CardSaved, CheckoutCompleted, CheckoutDrained, Consent
from contracts.events.settlement import (
    ChargeDeclined,
    ChargeLost,
    ChargeSucceeded,
    DeadlinePassed,
    Disputed,
    FeesKnown,
    RecoveryReminderDue,
    Refunded,
)
from contracts.ids import (
    CampaignSlug,
    ChargeId,
    EventId,
    OrderId,
    PledgeId,
    new_order_id,
    pledge_id,
    supporter_id,
)
from contracts.money import Cents
from contracts.pricing import (
    Address,
    PriceBreakdown,
    PricedLine,
    PricedPledge,
    Shipment,
    TaxDetails,
    Why,
)
from contracts.recovery import Recovery
from services.chassis.process.telemetry import new_id
from services.pledges.domain.pledge import Campaign, Pledge
from services.pledges.domain.pledging import create

News = TypeVar("News", bound=Event)

SLUG = CampaignSlug("hand-relations")
NOW = datetime.now(UTC).replace(microsecond=0)
STARTS = NOW - timedelta(days=10)
DEADLINE = NOW + timedelta(days=10)
GOAL = Cents(2_500_000)

# Workflows, "Pledge record": $50, shipping $3, tax 7.875 % (393.75 rounded up), tip 5 %.
SUBTOTAL, SHIPPING, TAX, TIP, AMOUNT = 5_000, 300, 394, 250, 5_944

_numbers = count(1)


def event_id() -> EventId:
    """Return an id no other event has."""
    return EventId(new_id())


def a_price(goal: int = SUBTOTAL) -> PriceBreakdown:
    """Return the specification's price."""
    return PriceBreakdown(
        subtotal_cents=Cents(SUBTOTAL),
        shipping_cents=Cents(SHIPPING),
        tax_cents=Cents(TAX),
        tip_percent=5,
        tip_cents=Cents(TIP),
        total_cents=Cents(AMOUNT),
        goal_cents=Cents(goal),
        tax_rate="0.07875",
        shipping_source="fallback",
        tax_details=TaxDetails(
            provider="flat",
            source="sales_tax_rate",
            rate="0.07875",
            rate_version="1",
            taxable_subtotal_cents=Cents(SUBTOTAL),
        ),
        shipments=(
            Shipment(
                scope="campaign", cents=Cents(SHIPPING), source="fallback", state="fallback_used"
            ),
        ),
        shipping_state="fallback_used",
        why=(Why(figure="tax", rule="flat", inputs={"rate": "0.07875"}),),
    )


def some_lines(tier: str = "producer-credit") -> tuple[PricedLine, ...]:
    """Return a tier, a part of the budget and a free amount, $50 together."""
    return (
        PricedLine(
            kind="tier",
            item_id=tier,
            label="Producer credit",
            quantity=2,
            unit_cents=Cents(1_000),
            total_cents=Cents(2_000),
            is_physical=True,
            answers={"Name in the credits": "Jane Doe"},
        ),
        PricedLine(
            kind="support_item",
            item_id="location-scouting",
            label="Location scouting",
            quantity=1,
            unit_cents=Cents(1_450),
            total_cents=Cents(1_450),
        ),
        PricedLine(
            kind="custom_amount",
            item_id="custom-support",
            label="Custom support",
            quantity=1,
            unit_cents=Cents(1_550),
            total_cents=Cents(1_550),
        ),
    )


def a_definition(
    slug: str = SLUG,
    *,
    version: int = 1,
    starts_at: datetime = STARTS,
    deadline_at: datetime = DEADLINE,
    goal_cents: int = GOAL,
    title: str = "Hand Relations",
) -> CampaignDefinition:
    """Return one version of a campaign."""
    return CampaignDefinition(
        slug=CampaignSlug(slug),
        version=version,
        title=title,
        starts_at=starts_at,
        deadline_at=deadline_at,
        timezone="America/Denver",
        goal_cents=Cents(goal_cents),
        tiers=(Tier(tier_id="producer-credit", name="Producer credit", price_cents=Cents(1_000)),),
    )


def published(definition: CampaignDefinition, at: datetime = STARTS) -> CampaignPublished:
    """Return the event that a version is in force."""
    return CampaignPublished(event_id=event_id(), occurred_at=at, definition=definition)


def a_card(last4: str = "4242") -> Card:
    """Return a saved card."""
    return Card(
        customer_id="cus_N00r",
        payment_method_id=f"pm_{last4}",
        brand="visa",
        last4=last4,
        exp_month=8,
        exp_year=2031,
        fingerprint=f"fp{last4}",
    )


def an_order(
    *slugs: str,
    email: str = "",
    completed_at: datetime = NOW,
    order_id: OrderId | None = None,
    last4: str = "4242",
    goal_cents: int = SUBTOTAL,
) -> CheckoutCompleted:
    """Return a completed order over one pledge per campaign; a new supporter by default."""
    order = order_id or new_order_id()
    address = email or f"supporter{next(_numbers)}@halfmoon.example"
    campaigns = [CampaignSlug(slug) for slug in slugs or (SLUG,)]
    return CheckoutCompleted(
        event_id=event_id(),
        occurred_at=completed_at,
        order_id=order,
        supporter_id=supporter_id(address),
        email=address,
        language="es",
        pledges=tuple(
            PricedPledge(
                pledge_id=pledge_id(order, slug, is_bundle=len(campaigns) > 1),
                campaign=slug,
                definition_version=1,
                lines=some_lines(),
                price=a_price(goal_cents),
            )
            for slug in campaigns
        ),
        card=a_card(last4),
        completed_at=completed_at,
        consent=Consent(version="2026-01", language="es", given_at=completed_at),
        shipping_address=Address(
            name="Jane Doe",
            address1="123 Main St",
            city="Albuquerque",
            province="NM",
            postal_code="87101",
            country="US",
        ),
    )


def again(news: News) -> News:
    """Return the same news under another event id."""
    return msgspec.structs.replace(news, event_id=event_id())


def a_pledge(**changes: object) -> Pledge:
    """Return an active pledge, or one changed as asked."""
    order = an_order()
    pledge = create(order, order.pledges[0], now=NOW).pledge
    return msgspec.structs.replace(pledge, **changes)


def a_campaign(**changes: object) -> Campaign:
    """Return a live campaign, or one changed as asked."""
    campaign = Campaign(
        campaign=SLUG,
        title="Hand Relations",
        starts_at=STARTS,
        deadline_at=DEADLINE,
        goal_cents=GOAL,
        currency="usd",
        state="open",
    )
    return msgspec.structs.replace(campaign, **changes)


def card_saved(
    order: CheckoutCompleted,
    last4: str = "0077",
    *,
    saved_at: datetime = NOW + timedelta(days=1),
    reason: Literal["replaced", "refreshed"] = "replaced",
    card: Card | None = None,
) -> CardSaved:
    """Return the news that an order's first pledge has another card."""
    pledge = order.pledges[0]
    return CardSaved(
        event_id=event_id(),
        occurred_at=saved_at,
        order_id=order.order_id,
        pledge_id=pledge.pledge_id,
        campaign=pledge.campaign,
        supporter_id=order.supporter_id,
        card=card or a_card(last4),
        saved_at=saved_at,
        reason=reason,
    )


def paid(
    pledge_or_email: str,
    *,
    amount: int = AMOUNT,
    campaign: CampaignSlug = SLUG,
    charge: str = "ch_1",
) -> ChargeSucceeded:
    """Return the news that a supporter's charge went through."""
    return ChargeSucceeded(
        event_id=event_id(),
        occurred_at=NOW,
        charge_id=ChargeId(charge),
        campaign=campaign,
        supporter_id=supporter_id(pledge_or_email),
        purpose="settlement",
        amount_cents=Cents(amount),
        payment_intent_id=f"pi_{charge}",
        stripe_charge_id=f"py_{charge}",
        succeeded_at=NOW,
    )


def declined(
    email: str,
    *,
    amount: int = AMOUNT,
    campaign: CampaignSlug = SLUG,
    charge: str = "ch_1",
    attempt: int = 1,
) -> ChargeDeclined:
    """Return the news that a supporter's bank said no."""
    return ChargeDeclined(
        event_id=event_id(),
        occurred_at=NOW,
        charge_id=ChargeId(charge),
        campaign=campaign,
        supporter_id=supporter_id(email),
        purpose="settlement",
        amount_cents=Cents(amount),
        payment_intent_id=f"pi_{charge}",
        attempt=attempt,
        code="card_declined",
        decline_code="insufficient_funds",
        needs_authentication=False,
        declined_at=NOW,
    )


def lost(
    email: str, *, amount: int = AMOUNT, campaign: CampaignSlug = SLUG, charge: str = "ch_1"
) -> ChargeLost:
    """Return the news that a supporter's charge can never succeed any more."""
    return ChargeLost(
        event_id=event_id(),
        occurred_at=NOW,
        charge_id=ChargeId(charge),
        campaign=campaign,
        supporter_id=supporter_id(email),
        purpose="settlement",
        amount_cents=Cents(amount),
        because="window_ended",
        lost_at=NOW,
    )


def reminder(email: str, number: int = 1) -> RecoveryReminderDue:
    """Return the news that a supporter is to be told again."""
    return RecoveryReminderDue(
        event_id=event_id(),
        occurred_at=NOW,
        charge_id=ChargeId("ch_1"),
        campaign=SLUG,
        supporter_id=supporter_id(email),
        purpose="settlement",
        recovery=Recovery(ends_at=NOW, because="funds"),
        number=number,
        is_last_day=False,
    )


def late(order: CheckoutCompleted) -> CheckoutCompleted:
    """Return an order as checkout makes it after a settled end."""
    pledges = tuple(msgspec.structs.replace(each, is_late=True) for each in order.pledges)
    return msgspec.structs.replace(order, pledges=pledges)


def deadline_passed(slug: CampaignSlug = SLUG, at: datetime = DEADLINE) -> DeadlinePassed:
    """Return the calendar's announcement."""
    return DeadlinePassed(event_id=event_id(), occurred_at=at, campaign=slug, deadline_at=at)


def drained(
    orders: list[CheckoutCompleted], slug: CampaignSlug = SLUG, at: datetime = DEADLINE
) -> CheckoutDrained:
    """Return checkout's count of these orders, hashed as the contract says."""
    import hashlib

    ids = sorted({order.order_id for order in orders})
    return CheckoutDrained(
        event_id=event_id(),
        occurred_at=at,
        campaign=slug,
        order_count=len(ids),
        order_hash=hashlib.sha256("\n".join(ids).encode()).hexdigest(),
    )


def first_pledge(order: CheckoutCompleted) -> PledgeId:
    """Return the id of an order's first pledge."""
    return order.pledges[0].pledge_id


def fees_known(
    email: str, *, gross: int = AMOUNT, fee: int = 202, charge: str = "ch_1"
) -> FeesKnown:
    """Return the news of what a charge cost."""
    return FeesKnown(
        event_id=event_id(),
        occurred_at=NOW,
        charge_id=ChargeId(charge),
        campaign=SLUG,
        supporter_id=supporter_id(email),
        purpose="settlement",
        stripe_charge_id=f"py_{charge}",
        balance_transaction_id=f"txn_{charge}",
        gross_cents=Cents(gross),
        fee_cents=Cents(fee),
        net_cents=Cents(gross - fee),
        currency="usd",
        available_at=NOW,
    )


def refunded(
    email: str,
    amount: int,
    *,
    refund: str = "rf_1",
    state: Literal["returned", "failed"] = "returned",
    pledge: PledgeId | None = None,
    charge: str = "ch_1",
    purpose: str = "settlement",
) -> Refunded:
    """Return the news that money went back, or came to us again."""
    return Refunded(
        event_id=event_id(),
        occurred_at=NOW,
        refund_id=refund,
        charge_id=ChargeId(charge),
        campaign=SLUG,
        supporter_id=supporter_id(email),
        purpose=purpose,
        state=state,
        amount_cents=Cents(amount),
        currency="usd",
        pledge_id=pledge,
        refunded_at=NOW,
    )


def disputed(
    email: str,
    *,
    withdrawn: int,
    fee: int = 0,
    version: int = 1,
    status: str = "needs_response",
    charge: str = "ch_1",
    dispute: str = "du_1",
) -> Disputed:
    """Return the news of a dispute as it stands."""
    return Disputed(
        event_id=event_id(),
        occurred_at=NOW,
        dispute_id=dispute,
        version=version,
        charge_id=ChargeId(charge),
        campaign=SLUG,
        supporter_id=supporter_id(email),
        purpose="settlement",
        kind="dispute",
        status=status,
        reason="fraudulent",
        amount_cents=Cents(AMOUNT),
        withdrawn_cents=Cents(withdrawn),
        dispute_fee_cents=Cents(fee),
        currency="usd",
        evidence_due_at=None,
        updated_at=NOW,
    )
