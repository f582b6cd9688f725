"""Record the intention to save a card: a cart priced and reserved, before Stripe is asked."""

from collections.abc import Sequence

import msgspec

from contracts import consent
from contracts.ids import CampaignSlug, OrderId, canonical_email, new_order_id, supporter_id
from contracts.pricing import PricedPledge
from contracts.refusals import InputRefused, StateRefused
from services.chassis.storage.database import Connection
from services.checkout.domain.bodies import CartBody, require_address
from services.checkout.domain.orders import Order, ShownConsent, UiMode
from services.checkout.domain.pricing import has_physical, total_of
from services.checkout.domain.quotes import quote_fields
from services.checkout.domain.shipping import Delivery
from services.checkout.domain.stock import units_of
from services.checkout.handlers.announce_stock import announce_stock
from services.checkout.handlers.price_cart import PricedCart, posted_to, priced_cart
from services.checkout.handlers.reserve_units import limited_of, reserve_all
from services.checkout.queries import customers, orders
from services.checkout.queries.customers import Customer


class KeyTaken(Exception):
    """Another request with this idempotency key was faster."""


class Intention(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded order that has no session yet, and the customer it will name."""

    order: Order
    customer: Customer | None
    # Where Stripe's page may collect an address: what was quoted must hold there.
    posted_to: tuple[str, ...] = ()


async def intend(
    conn: Connection,
    body: CartBody,
    *,
    ui_mode: UiMode,
    hashed: str | None = None,
    order_id: OrderId | None = None,
    delivery: Delivery | None = None,
) -> Intention:
    """Price and reserve a cart, and record the order that will ask Stripe for a session.

    `order_id` is given where an order that was lost is made again; `delivery` brings what
    the carrier said. Scarce rows come last, so that they are locked for as short a time as
    can be.
    """
    email = _email(body)
    order_id = order_id or new_order_id()
    priced = await priced_cart(conn, body, order_id=order_id, is_locked=True, delivery=delivery)
    _require_expected(body, priced.pledges)
    if has_physical(priced.pledges) and ui_mode == "custom":
        require_address(body.shipping_address, "shippingAddress", is_posted_to=True)
    order = _order(ui_mode, body, priced, order_id, email)
    units = units_of(priced.pledges)
    limited = await limited_of(conn, units)
    if not await orders.insert_order(conn, order, units, idempotency_hash=hashed):
        raise KeyTaken
    customer = None
    if order.supporter_id is not None and email is not None:
        customer = await customers.ensure_customer(conn, order.supporter_id, email)
    await reserve_all(conn, limited)
    shelves = {each.thing.shelf for each in limited}
    await announce_stock(conn, shelves, now=priced.now, always=True)
    return Intention(order=order, customer=customer, posted_to=_collected_from(priced))


def _collected_from(priced: PricedCart) -> tuple[str, ...]:
    """Return the countries an address may come from: the quoted one, once there is one."""
    destination = priced.delivery.destination
    return (destination.country.upper(),) if destination else posted_to(priced.platform)


def _order(
    ui_mode: UiMode, body: CartBody, priced: PricedCart, order_id: OrderId, email: str | None
) -> Order:
    slugs = [pledge.campaign for pledge in priced.pledges]
    hint = CampaignSlug(body.campaign_slug or "")
    language = (body.preferred_lang or "").lower().partition("-")[0]
    return Order(
        order_id=order_id,
        status="opening",
        request_hash=body.digest(),
        supporter_id=supporter_id(email) if email else None,
        email=email,
        language=language if language in priced.languages else "en",
        ui_mode=ui_mode,
        pledges=priced.pledges,
        shipping_address=body.shipping_address if has_physical(priced.pledges) else None,
        attribution=body.came_by,
        consent=_shown(body, priced.pledges),
        page=hint if hint in slugs else slugs[0],
        created_at=priced.now,
    )


def _shown(body: CartBody, pledges: Sequence[PricedPledge]) -> ShownConsent | None:
    """Return what the page showed, or refuse sentences that we never had or are not true here.

    A page that was open at the deadline says "after the deadline, if": what is sold now is
    charged at once. So nothing is, until the person has read that.
    """
    shown = body.consent
    if shown is None:
        return None
    text = consent.find(shown.version, shown.language)
    problems: dict[str, str] = {}
    if text is None:
        problems["consent.version"] = "no sentences of this version and language"
    elif not all(consent.suits(shown.version, is_late=each.is_late) for each in pledges):
        problems["consent.version"] = "not the sentences for what is in this cart"
    elif shown.hash is not None and shown.hash != text.sha256:
        problems["consent.hash"] = "not the hash of these sentences"
    if text is None or problems:
        raise InputRefused(
            "unknown_consent", "Please load the page again and read what it says.", fields=problems
        )
    return ShownConsent(version=shown.version, language=shown.language, sha256=text.sha256)


def _email(body: CartBody) -> str | None:
    if not body.email:
        return None
    try:
        return canonical_email(body.email)
    except ValueError as exc:
        raise bad_email() from exc


def bad_email() -> InputRefused:
    """Return the refusal of an address nothing can be sent to."""
    problem = "not an e-mail address"
    return InputRefused("invalid_email", "That is no e-mail address.", fields={"email": problem})


def _require_expected(body: CartBody, pledges: tuple[PricedPledge, ...]) -> None:
    """Refuse to start at a price the person has not seen."""
    if body.expected_amount in (None, total_of(pledges).total_cents):
        return
    fields = quote_fields(pledges)
    raise StateRefused(
        "price_changed",
        "The price has changed. Please look at it again.",
        totals=fields["totals"],
        campaigns=fields["campaigns"],
        shippingOptions=fields["shipping_options"],
        states=fields["states"],
        currency=fields["currency"],
    )
