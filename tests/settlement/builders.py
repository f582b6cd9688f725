"""Facts for settlement's tests, each with a default that works."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from contracts.campaign import CampaignDefinition
from contracts.events.campaigns import CampaignPublished
from contracts.events.checkout import Card
from contracts.events.pledges import CampaignClosed, ChargeRequested, PledgeCreated, PledgeSnapshot
from contracts.events.settlement import ChargeDue
from contracts.ids import CampaignSlug, ChargeId, OrderId, PledgeId, SupporterId, new_order_id
from contracts.money import Cents
from contracts.pricing import PriceBreakdown
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import Connection

NOW = datetime(2026, 3, 1, 7, tzinfo=UTC)
AMOUNT = Cents(5_944)

A_CARD = Card(
    customer_id="cus_1",
    payment_method_id="pm_1",
    brand="visa",
    last4="4242",
    exp_month=12,
    exp_year=2034,
)


def a_slug(name: str = "film") -> CampaignSlug:
    return CampaignSlug(f"{name}-{secrets.token_hex(3)}")


def a_supporter() -> SupporterId:
    return SupporterId(f"sup_{secrets.token_hex(16)}")


def a_definition(slug: CampaignSlug, **facts: Any) -> CampaignDefinition:
    """Return a campaign that starts at NOW and ends thirty days later."""
    defaults = {
        "version": 1,
        "title": "A film",
        "starts_at": NOW,
        "deadline_at": NOW + timedelta(days=30),
        "timezone": "America/Denver",
        "goal_cents": Cents(10_000),
    }
    return CampaignDefinition(slug=slug, **{**defaults, **facts})


def published(definition: CampaignDefinition) -> CampaignPublished:
    return CampaignPublished(event_id=new_event_id(), occurred_at=NOW, definition=definition)


def a_pledge(
    slug: CampaignSlug,
    *,
    supporter: SupporterId | None = None,
    amount: int = AMOUNT,
    status: Literal["active", "cancelled"] = "active",
    revision: int = 1,
    card: Card = A_CARD,
    created_at: datetime = NOW,
    order: OrderId | None = None,
) -> PledgeSnapshot:
    """Return a pledge of `amount`, of which 5,000 count toward the goal if it is enough."""
    order = order or new_order_id()
    subtotal = min(amount, 5_000)
    return PledgeSnapshot(
        pledge_id=PledgeId(order),
        order_id=order,
        campaign=slug,
        supporter_id=supporter or a_supporter(),
        email="noor@halfmoon.example",
        language="en",
        revision=revision,
        status=status,
        lines=(),
        price=PriceBreakdown(
            subtotal_cents=Cents(subtotal),
            shipping_cents=Cents(amount - subtotal),
            tax_cents=Cents(0),
            tip_percent=0,
            tip_cents=Cents(0),
            total_cents=Cents(amount),
            goal_cents=Cents(subtotal),
        ),
        card=card,
        created_at=created_at,
    )


def created(pledge: PledgeSnapshot) -> PledgeCreated:
    return PledgeCreated(event_id=new_event_id(), occurred_at=NOW, pledge=pledge)


def closed(slug: CampaignSlug, *, is_funded: bool = True, count: int = 1) -> CampaignClosed:
    return CampaignClosed(
        event_id=new_event_id(),
        occurred_at=NOW,
        campaign=slug,
        is_funded=is_funded,
        pledged_cents=Cents(5_000 * count),
        pledge_count=count,
        goal_cents=Cents(5_000),
        closed_at=NOW,
    )


def requested(
    slug: CampaignSlug, card: Card = A_CARD, *, amount: int = AMOUNT, **facts: Any
) -> ChargeRequested:
    """Return a request to charge one supporter for one pledge."""
    event = ChargeRequested(
        event_id=new_event_id(),
        occurred_at=NOW,
        campaign=slug,
        supporter_id=a_supporter(),
        purpose="settlement",
        pledge_ids=(PledgeId(new_order_id()),),
        amount_cents=Cents(amount),
        card=card,
    )
    return msgspec.structs.replace(event, **facts)


def due(charge_id: ChargeId, slug: CampaignSlug) -> ChargeDue:
    """Return the wake-up for a charge."""
    return ChargeDue(event_id=new_event_id(), occurred_at=NOW, charge_id=charge_id, campaign=slug)


async def move_clock(owner: Connection, instant: datetime) -> None:
    """Set the platform's time; it runs on from there."""
    await owner.execute(
        "UPDATE platform.clock_offset SET offset_by = $1 - clock_timestamp()", instant
    )


async def outbox_events(owner: Connection, kind: str) -> list[dict[str, Any]]:
    """Return the events of a kind, oldest first, as they travel."""
    rows = await owner.fetch(
        "SELECT payload FROM outbox WHERE event_type = $1 ORDER BY outbox_id", kind
    )
    return [msgspec.json.decode(row["payload"]) for row in rows]
