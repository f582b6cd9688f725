"""Campaigns, carts and events for these tests, small and alike."""

import itertools
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.campaign import AddOn, CampaignDefinition, PlatformDefinition, SupportItem, Tier
from contracts.events.campaigns import CampaignPublished, PlatformPublished
from contracts.events.checkout import Card
from contracts.events.pledges import (
    PledgeCancelled,
    PledgeCreated,
    PledgeModified,
    PledgeRefused,
    PledgesCharged,
    PledgeSnapshot,
    PledgesReleased,
    RevisionAbandoned,
    SupporterNotice,
)
from contracts.ids import CampaignSlug, EventId, PledgeId
from contracts.money import Cents
from contracts.pricing import PricedPledge
from services.checkout.domain.bodies import CartBody
from services.checkout.domain.cart import WantedItem
from services.checkout.domain.orders import Order

CARD = Card(
    customer_id="cus_1",
    payment_method_id="pm_1",
    brand="visa",
    last4="4242",
    exp_month=12,
    exp_year=2031,
)
_versions = itertools.count(1)


def a_slug(name: str = "film") -> CampaignSlug:
    """Return a campaign name nobody else uses."""
    return CampaignSlug(f"{name}-{secrets.token_hex(3)}")


def an_email(name: str = "noor") -> str:
    """Return an address nobody else uses."""
    return f"{name}.{secrets.token_hex(3)}@halfmoon.example"


def a_tier(tier_id: str = "frame", **facts: Any) -> Tier:
    """Return a $50 tier without limit."""
    given: dict[str, Any] = {"name": "A frame of the film", "price_cents": Cents(5_000), **facts}
    return Tier(tier_id=tier_id, **given)


def a_product(product_id: str = "poster", **facts: Any) -> AddOn:
    """Return a $20 add-on that is not posted, without limit."""
    given: dict[str, Any] = {"name": "A poster", "price_cents": Cents(2_000), **facts}
    return AddOn(product_id=product_id, category="digital", **given)


def a_campaign(slug: str = "", **facts: Any) -> CampaignDefinition:
    """Return a campaign that is live today."""
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "version": 1,
        "title": "A film",
        "starts_at": now - timedelta(days=3),
        "deadline_at": now + timedelta(days=3),
        "timezone": "America/Denver",
        "goal_cents": Cents(100_000),
        "tiers": (a_tier(),),
        "support_items": (SupportItem(item_id="sound", label="Sound", target_cents=Cents(50_000)),),
        **facts,
    }
    return CampaignDefinition(slug=CampaignSlug(slug or a_slug()), **given)


def a_platform(*products: AddOn, **facts: Any) -> PlatformDefinition:
    """Return the platform's rules with these products on sale, newer every time."""
    given: dict[str, Any] = {"version": next(_versions), "add_ons_enabled": True, **facts}
    return PlatformDefinition(add_ons=products, **given)


def a_cart(*items: str | WantedItem, **facts: Any) -> CartBody:
    """Return a request for these items, one of each."""
    wanted = [WantedItem(id=item) if isinstance(item, str) else item for item in items]
    return CartBody(items=wanted, **{"tip_percent": 5, **facts})


def platform_published(definition: PlatformDefinition) -> PlatformPublished:
    """Return the event that puts the platform's rules into force."""
    return PlatformPublished(
        event_id=an_event_id(), occurred_at=datetime.now(UTC), definition=definition
    )


def published(definition: CampaignDefinition) -> CampaignPublished:
    """Return the event that puts a definition into force."""
    return CampaignPublished(
        event_id=an_event_id(), occurred_at=datetime.now(UTC), definition=definition
    )


def an_event_id() -> EventId:
    """Return the id of an event nobody heard yet."""
    return EventId(secrets.token_hex(8))


def created(order: Order, pledge: PricedPledge | None = None) -> PledgeCreated:
    """Return what the ledger says when it has written a pledge of the order."""
    return PledgeCreated(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        pledge=_snapshot(order, pledge or order.pledges[0], revision=1, status="active"),
    )


def cancelled(
    order: Order, pledge: PricedPledge | None = None, *, revision: int = 2
) -> PledgeCancelled:
    """Return what the ledger says when the supporter withdrew."""
    return PledgeCancelled(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        pledge=_snapshot(order, pledge or order.pledges[0], revision=revision, status="cancelled"),
    )


def modified(
    order: Order,
    priced: PricedPledge,
    *,
    revision: int = 2,
    proposal: int = 1,
    previous: PricedPledge | None = None,
) -> PledgeModified:
    """Return what the ledger says when it has committed a revision."""
    return PledgeModified(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        pledge=_snapshot(order, priced, revision=revision, status="active"),
        proposal=proposal,
        previous=(previous or order.pledges[0]).price,
    )


def abandoned(
    order: Order, pledge: PricedPledge | None = None, *, revision: int = 2, proposal: int = 1
) -> RevisionAbandoned:
    """Return what the ledger says when it will never commit a revision."""
    pledge = pledge or order.pledges[0]
    return RevisionAbandoned(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        pledge_id=PledgeId(pledge.pledge_id),
        order_id=order.order_id,
        campaign=pledge.campaign,
        revision=revision,
        proposal=proposal,
        reason="timed_out",
    )


def refused(order: Order, pledge: PricedPledge | None = None) -> PledgeRefused:
    """Return what the ledger says when it had closed."""
    pledge = pledge or order.pledges[0]
    return PledgeRefused(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        pledge_id=PledgeId(pledge.pledge_id),
        order_id=order.order_id,
        campaign=pledge.campaign,
        email=order.email or "noor@halfmoon.example",
        language="en",
        lines=pledge.lines,
    )


def released(*orders: Order) -> PledgesReleased:
    """Return what the ledger says when the campaign of these orders was not funded."""
    return PledgesReleased(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        campaign=orders[0].pledges[0].campaign,
        notice=_notice(orders),
    )


def charged(*orders: Order) -> PledgesCharged:
    """Return what the ledger says when one charge has paid for these orders."""
    return PledgesCharged(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        campaign=orders[0].pledges[0].campaign,
        notice=_notice(orders),
        charged_at=datetime.now(UTC),
    )


def _notice(orders: tuple[Order, ...]) -> SupporterNotice:
    zero = Cents(0)
    return SupporterNotice(
        supporter_id=orders[0].supporter_id or "sup_x",  # type: ignore[arg-type]
        email=orders[0].email or "noor@halfmoon.example",
        language="en",
        pledge_ids=tuple(order.pledges[0].pledge_id for order in orders),
        lines=(),
        subtotal_cents=zero,
        shipping_cents=zero,
        tax_cents=zero,
        tip_cents=zero,
        total_cents=zero,
        card=CARD,
    )


def _snapshot(order: Order, pledge: PricedPledge, *, revision: int, status: Any) -> PledgeSnapshot:
    email = order.email or "noor@halfmoon.example"
    return PledgeSnapshot(
        pledge_id=pledge.pledge_id,
        order_id=order.order_id,
        campaign=pledge.campaign,
        supporter_id=order.supporter_id or "sup_x",  # type: ignore[arg-type]
        email=email,
        language="en",
        revision=revision,
        status=status,
        lines=pledge.lines,
        price=pledge.price,
        card=CARD,
        created_at=datetime.now(UTC),
    )
