"""The shop floor of these tests: the handlers, one transaction each, as the service runs them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from contracts.campaign import AddOn, CampaignDefinition
from contracts.events.base import Event
from contracts.events.checkout import (
    AddOnStockChanged,
    CardSaved,
    CheckoutCompleted,
    CheckoutRefused,
    StockLevel,
    StripeEventReceived,
)
from contracts.ids import OrderId
from contracts.pricing import PricedLine, PricedPledge
from contracts.quoting import QuoteAnswer, QuoteRevision, RevisionQuoted, WantedLine
from services.chassis.process.settings import Secret
from services.chassis.storage.database import Connection, Pool, transaction
from services.checkout.domain.bodies import CartBody
from services.checkout.domain.orders import Order, SavedCard
from services.checkout.domain.stock import PLATFORM_SHELF, Levels
from services.checkout.handlers.complete_orders import complete_orders
from services.checkout.handlers.end_order import end_order
from services.checkout.handlers.intend_order import intend
from services.checkout.handlers.keep_definitions import keep_campaign, keep_platform
from services.checkout.queries import orders, stock
from services.checkout.steps.answer_question import answer
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.usps_gateway import USPSGateway
from tests.checkout.samples import (
    CARD,
    a_campaign,
    a_cart,
    a_platform,
    platform_published,
    published,
)
from tests.checkout.sandbox import Sandbox

T = TypeVar("T")


class Floor:
    """Short names for what tests do again and again."""

    def __init__(self, pool: Pool, owner: Connection) -> None:
        self.pool = pool
        self.owner = owner
        # No account at the carrier, unless a test has one.
        self.carrier = USPSGateway("", Secret(""), api_base="http://127.0.0.1:1")

    async def do(self, handler: Callable[..., Awaitable[T]], *given: Any, **named: Any) -> T:
        """Run a handler in a transaction of its own."""
        async with transaction(self.pool) as conn:
            return await handler(conn, *given, **named)

    async def publish(self, **facts: Any) -> CampaignDefinition:
        definition = a_campaign(**facts)
        await self.do(keep_campaign, published(definition))
        return definition

    async def sell(self, *products: AddOn) -> None:
        """Have the platform sell these products of its own."""
        await self.do(keep_platform, platform_published(a_platform(*products)))

    async def ask(
        self,
        order: Order,
        *wanted: WantedLine,
        current: Sequence[PricedLine] | None = None,
        revision: int = 2,
        proposal: int = 1,
        campaign: str = "",
        **facts: Any,
    ) -> QuoteAnswer:
        """Ask, as the ledger does, what a revision of an order's pledge costs."""
        pledge = next(each for each in order.pledges if campaign in ("", each.campaign))
        asked = QuoteRevision(
            pledge_id=pledge.pledge_id,
            order_id=order.order_id,
            campaign=pledge.campaign,
            revision=revision,
            proposal=proposal,
            current=tuple(pledge.lines if current is None else current),
            wanted=wanted,
            **{"tip_percent": 5, **facts},
        )
        return await answer(self.pool, self.carrier, asked)

    async def quoted(self, order: Order, *wanted: WantedLine, **facts: Any) -> PricedPledge:
        """Return the price of a revision that can be had."""
        found = await self.ask(order, *wanted, **facts)
        assert isinstance(found, RevisionQuoted), found
        return found.pledge

    async def intend(self, body: CartBody) -> Order:
        return (await self.do(intend, body, ui_mode="custom")).order

    async def open(self, body: CartBody) -> Order:
        """Return an order whose session is known, as after a start."""
        order = await self.intend(body)
        assert await self.do(orders.mark_open, order.order_id, f"cs_{order.order_id}")
        return await self.order(order.order_id)

    async def complete(self, order: Order, *, at: datetime | None = None, **facts: Any) -> Order:
        """Apply a saved card, as everybody who hears of one does."""
        given = {
            "session_id": order.session_id or f"cs_{order.order_id}",
            "card": CARD,
            "email": "noor@halfmoon.example",
            "completed_at": at or datetime.now(UTC).replace(microsecond=0),
            **facts,
        }
        await self.do(complete_orders, {order.order_id: SavedCard(**given)})
        return await self.order(order.order_id)

    async def pledged(
        self, checkout: Checkout, sandbox: Sandbox, *items: str, **cart: Any
    ) -> Order:
        """Return an order that was started, whose card was saved at Stripe, and completed."""
        started = await start_checkout(checkout, a_cart(*items, **cart), None)
        sandbox.save_card(started.session_id).raise_for_status()
        return await decide_order(self.pool, checkout.stripe, OrderId(started.order_id))

    async def card_of(self, order: Order) -> str:
        """Return the payment method an order saved."""
        (event,) = await self.said(CheckoutCompleted, order.order_id)
        method: str = event.card.payment_method_id
        return method

    async def expire(self, order: Order) -> int:
        return await self.do(end_order, order.order_id, "expired")

    async def order(self, order_id: str) -> Order:
        found = await self.do(orders.find_order, OrderId(order_id))
        assert found is not None
        return found

    async def stock(self, slug: str) -> dict[str, StockLevel]:
        levels: Levels = await self.do(stock.list_levels, slug)
        return {**levels.tiers, **levels.add_ons}

    async def said(self, kind: type[Event], about: str) -> list[Any]:
        """Return the events of one type whose body names `about`, oldest first."""
        rows = await self.pool.fetch(
            "SELECT payload FROM outbox WHERE event_type = $1 ORDER BY outbox_id",
            kind.__struct_config__.tag,
        )
        events = [msgspec.json.decode(row["payload"], type=kind) for row in rows]
        return [each for each in events if about in (_about(each))]

    async def move_clock(self, by: timedelta) -> None:
        await self.owner.execute("UPDATE platform.clock_offset SET offset_by = offset_by + $1", by)

    async def now(self) -> datetime:
        at: datetime = await self.owner.fetchval("SELECT platform.now()")
        return at

    async def assert_units_add_up(self) -> None:
        """Claimed and reserved are the sums of what orders hold, for every limited tier."""
        wrong = await self.owner.fetch(
            """
            SELECT s.shelf, s.item_id, s.variant_id
            FROM stock AS s
            LEFT JOIN reservations AS r USING (shelf, kind, item_id, variant_id)
            GROUP BY s.shelf, s.kind, s.item_id, s.variant_id, s.claimed, s.reserved
            HAVING s.claimed <> coalesce(sum(quantity) FILTER (WHERE state = 'claimed'), 0)
                OR s.reserved <> coalesce(sum(quantity) FILTER (WHERE state = 'reserved'), 0)
            """
        )
        assert wrong == []


async def settled(*work: Awaitable[Any]) -> tuple[list[Any], list[BaseException]]:
    """Run all of it at once; return what came of it, and what was refused."""
    results = await asyncio.gather(*work, return_exceptions=True)
    refused = [each for each in results if isinstance(each, BaseException)]
    return [each for each in results if not isinstance(each, BaseException)], refused


def _about(event: Any) -> tuple[str, ...]:
    if isinstance(event, CheckoutCompleted):
        return (event.order_id, *(pledge.campaign for pledge in event.pledges))
    if isinstance(event, CheckoutRefused):
        return (event.order_id, event.campaign)
    if isinstance(event, CardSaved):
        return (event.order_id, event.campaign)
    if isinstance(event, StripeEventReceived):
        return (event.stripe_event_id, event.object_id)
    if isinstance(event, AddOnStockChanged):
        return (PLATFORM_SHELF,)
    return (event.campaign,)
