"""Price a cart by the campaigns as they stand, with or without holding their doors.

The carrier is asked between two steps and outside every transaction: what a price needs to
know of it is found out first (`priced.rate_requests`), and brought along.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from contracts.campaign import PlatformDefinition
from contracts.ids import CampaignSlug, OrderId, is_slug
from contracts.pricing import PricedPledge
from contracts.refusals import InputRefused, Unavailable
from services.chassis.storage.database import Connection
from services.checkout.domain.add_ons import place
from services.checkout.domain.bodies import CartBody, option_of, require_address
from services.checkout.domain.cart import KnownCampaign, understand
from services.checkout.domain.countries import POSTED_TO
from services.checkout.domain.parcels import loads_of
from services.checkout.domain.pricing import has_physical, price, price_cart, tip_percent_of
from services.checkout.domain.shipping import Delivery, RateRequest, Terms, requests_of
from services.checkout.queries import campaigns


class PricedCart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart with its prices, and what they were decided by."""

    pledges: tuple[PricedPledge, ...]
    known: Mapping[CampaignSlug, KnownCampaign]
    platform: PlatformDefinition
    delivery: Delivery
    now: datetime

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages letters may be written in."""
        return self.platform.languages

    @property
    def rate_requests(self) -> list[RateRequest]:
        """Return what the carrier has to be asked for these prices to be final."""
        terms = Terms(platform=self.platform, delivery=self.delivery)
        return [
            request
            for pledge in self.pledges
            for request in requests_of(
                loads_of(
                    pledge.lines,
                    definition=self.known[pledge.campaign].definition,
                    platform=self.platform,
                ),
                definition=self.known[pledge.campaign].definition,
                terms=terms,
            )
        ]

    def with_delivery(self, delivery: Delivery) -> "PricedCart":
        """Return the same cart at the prices of another delivery."""
        pledges = tuple(
            msgspec.structs.replace(
                pledge,
                price=price(
                    pledge.lines,
                    definition=self.known[pledge.campaign].definition,
                    platform=self.platform,
                    tip_percent=pledge.price.tip_percent,
                    delivery=delivery,
                ),
            )
            for pledge in self.pledges
        )
        return msgspec.structs.replace(self, pledges=pledges, delivery=delivery)


async def priced_cart(
    conn: Connection,
    body: CartBody,
    *,
    order_id: OrderId,
    is_locked: bool,
    delivery: Delivery | None = None,
) -> PricedCart:
    """Return the cart priced, or refuse.

    With `is_locked` the campaigns stay as they are until the caller commits, and what cannot
    be charged at a price that is known is refused.
    """
    if body.campaign_slug and not is_slug(body.campaign_slug):
        raise InputRefused(
            "invalid_slug", "No campaign has such a name.", fields={"campaignSlug": "not a slug"}
        )
    require_address(body.shipping_address, "shippingAddress", is_posted_to=False)
    require_address(body.billing_address, "billingAddress", is_posted_to=False)
    delivery = delivery or delivery_of(body)
    cart = understand(body.items)
    read = campaigns.lock_campaigns if is_locked else campaigns.find_campaigns
    known = await read(conn, list(cart.by_campaign))
    # Held only for whom it sells something: else every start would queue at one row.
    platform = await campaigns.platform(conn, is_locked=is_locked and bool(cart.add_ons))
    pledges = price_cart(
        place(cart, known, platform, anchor=body.bundle_add_on_anchor_campaign_slug),
        known,
        order_id=order_id,
        platform=platform,
        tip_percent=tip_percent_of(body.tip_percent, platform),
        delivery=delivery,
    )
    require_posted_to(pledges, delivery, platform)
    if is_locked:
        require_known_price(pledges)
    return PricedCart(
        pledges=pledges,
        known=known,
        platform=platform,
        delivery=delivery,
        now=max(campaign.now for campaign in known.values()),
    )


def delivery_of(body: CartBody, *, has_carrier: bool = False) -> Delivery:
    """Return where and how a cart goes, before the carrier is asked."""
    return Delivery(
        destination=body.shipping_address,
        billing=body.billing_address,
        option=option_of(body.shipping_option),
        has_carrier=has_carrier,
    )


def posted_to(platform: PlatformDefinition) -> tuple[str, ...]:
    """Return every country things are posted to."""
    return tuple(platform.shipping_countries) or POSTED_TO


def require_posted_to(
    pledges: tuple[PricedPledge, ...], delivery: Delivery, platform: PlatformDefinition
) -> None:
    """Refuse to post where the platform does not."""
    if delivery.destination is None or not has_physical(pledges):
        return
    if delivery.destination.country.upper() not in posted_to(platform):
        raise InputRefused(
            "not_posted_to",
            "We cannot post things to this country.",
            fields={"shippingAddress.country": "nothing is posted there"},
        )


def require_known_price(pledges: tuple[PricedPledge, ...]) -> None:
    """Refuse to start at a price that waits for an address or for the carrier."""
    if any(pledge.price.tax_state == "needs_input" for pledge in pledges):
        raise InputRefused(
            "address_needed",
            "The tax depends on where you are: an address is needed.",
            fields={"billingAddress": "country and postal code, for the tax"},
        )
    if any(pledge.price.shipping_state == "provider_unavailable" for pledge in pledges):
        raise Unavailable(
            "shipping_unavailable",
            "The carrier does not tell us the postage at the moment. Try again in a few minutes.",
            retry_after_seconds=60,
        )
