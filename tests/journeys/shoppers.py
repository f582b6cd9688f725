"""People with generated carts: each asks for the price, starts, and types a card.

What they expect to pay is the oracle's word. The carrier here is the sandbox's own tariff,
asked for the classes in the order an author would read in the manual.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import aiohttp

from deploy.sandbox import usps_tariff as tariff
from tests.checkout import oracle
from tests.checkout.generated import Maker
from tests.checkout.oracle import Data, Figures

AT_ONCE = 16
CALL_SECONDS = 30.0
STATUS_SECONDS = 10
SOMEWHERE = {"country": "US", "province": "NM", "zip": "87101"}
CARD = "4242424242424242"
ORIGIN_ZIP = "87120"
CLASSES = ("USPS_GROUND_ADVANTAGE", "PRIORITY_MAIL")
CLASSES_ABROAD = ("FIRST-CLASS_PACKAGE_INTERNATIONAL_SERVICE", "PRIORITY_MAIL_INTERNATIONAL")


@dataclass(frozen=True, kw_only=True)
class Shopper:
    """Somebody with a cart, and what each campaign's share of it must cost."""

    email: str
    cart: Data
    expected: dict[str, Figures]
    is_hosted: bool

    @property
    def body(self) -> Data:
        """Return what their browser sends."""
        cart = self.cart
        told = {
            "items": cart["items"],
            "email": self.email,
            "tipPercent": cart["tip"],
            "shippingOption": cart["option"],
            "bundleAddOnAnchorCampaignSlug": cart["anchor"],
            "shippingAddress": cart["to"] and _address(cart["to"]),
            "billingAddress": cart["billing"] and _address(cart["billing"]),
            "checkoutUiMode": "hosted" if self.is_hosted else "custom",
        }
        return {name: value for name, value in told.items() if value is not None}


def shopper(maker: Maker, world: Data, people: Sequence[str]) -> Shopper:
    """Return one of these people with a cart of this world, and every address it needs."""
    cart, chance = maker.cart(world), maker.random
    if cart["to"] is None and needs_address(cart, world):
        cart["to"] = maker.place()
    email = chance.choice(people)
    return Shopper(
        email=email.upper() if chance.random() < 0.2 else email,
        cart=cart,
        expected=oracle.price(cart, world, carrier),
        is_hosted=chance.random() < 0.3,
    )


def needs_address(cart: Data, world: Data) -> bool:
    """Tell whether nobody can be charged for a cart before saying where they are."""
    if world["platform"]["table"] is not None and cart["billing"] is None:
        return True
    things = {
        each["id"]: each
        for each in world["platform"]["add_ons"]
        + [add_on for campaign in world["campaigns"].values() for add_on in campaign["add_ons"]]
    }
    for slug, campaign in world["campaigns"].items():
        things |= {f"{slug}__{each['id']}": each for each in campaign["tiers"]}
        things |= {f"{slug}__support__{each['id']}": each for each in campaign["support_items"]}
    names = [
        item["id"].removeprefix("addon__").partition("__variant__")[0] for item in cart["items"]
    ]
    return any(things.get(name, {}).get("category") == "physical" for name in names)


def carrier(
    country: str,
    code: str,
    pounds: Fraction,
    sides: tuple[Fraction, Fraction, Fraction],
    is_media: bool,
) -> int | None:
    """Return the sandbox's price of the first class that takes a parcel, in cents."""
    is_home = country in oracle.CARRIERS_HOME
    piece = tariff.Piece(
        pounds=_exact(pounds),
        inches=(_exact(sides[0]), _exact(sides[1]), _exact(sides[2])),
        origin_zip=ORIGIN_ZIP,
        destination=code if is_home else country,
    )
    known = tariff.DOMESTIC if is_home else tariff.INTERNATIONAL
    names = CLASSES if is_home else CLASSES_ABROAD
    for name in ("MEDIA_MAIL", *names) if is_media else names:
        if tariff.fits(piece, known[name]):
            price = tariff.domestic_price if is_home else tariff.international_price
            fee = tariff.fee(piece) if is_home else Decimal(0)
            return int((price(piece, known[name]) + fee) * 100)
    return None


@dataclass(frozen=True)
class Bought:
    """An order, and by which rules its parcels were priced."""

    order: str
    ways: frozenset[str]


async def shop(site: str, sandbox: str, people: Sequence[Shopper]) -> list[Bought]:
    """Let everybody buy, so many at once; return what they bought in the same order."""
    hands = asyncio.Semaphore(AT_ONCE)
    async with _visitors(site) as http:

        async def buy(person: Shopper) -> Bought:
            async with hands:
                return await _buy(http, site, sandbox, person)

        return await asyncio.gather(*map(buy, people))


async def wait_for_pledges(site: str, orders: Sequence[str]) -> None:
    """Wait, as browsers do, until the pledges of all orders are in the ledger."""
    hands = asyncio.Semaphore(AT_ONCE)
    async with _visitors(site) as http:

        async def wait(order: str) -> None:
            async with hands:
                await _wait(http, site, order)

        await asyncio.gather(*map(wait, orders))


def _visitors(site: str) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    return aiohttp.ClientSession(timeout=timeout, headers={"Origin": site})


async def _buy(http: aiohttp.ClientSession, site: str, sandbox: str, person: Shopper) -> Bought:
    """Ask for the price, start at it, and save a card."""
    quote = await _call(http, f"{site}/quote", person.body, person)
    shares = {share["campaignSlug"]: _figures(share) for share in quote["campaigns"]}
    wanted = {slug: _without_goal(figures) for slug, figures in person.expected.items()}
    assert shares == wanted, (person, quote)
    amount = sum(figures["amount"] for figures in person.expected.values())
    body = {**person.body, "expectedAmount": amount}
    started = await _call(http, f"{site}/checkout-intent/start", body, person)
    place = person.cart["to"] or person.cart["billing"] or SOMEWHERE
    await _call(
        http,
        f"{sandbox}/sandbox/checkout-sessions/{started['sessionId']}/complete",
        {"card": CARD, "email": person.email, "name": "Noor", "address": _address(place)},
        person,
    )
    parcels = [parcel for share in quote["campaigns"] for parcel in share["shipments"]]
    return Bought(started["orderId"], frozenset(parcel["source"] for parcel in parcels))


async def _wait(http: aiohttp.ClientSession, site: str, order: str) -> None:
    url = f"{site}/checkout-intent/status/{order}?wait={STATUS_SECONDS}"
    for _ in range(3):
        async with http.get(url) as answer:
            if (await answer.json())["persisted"]:
                return
    raise AssertionError(f"{order} is not in the ledger")


async def _call(http: aiohttp.ClientSession, url: str, body: Data, person: Shopper) -> Any:
    async with http.post(url, json=body) as answer:
        told = await answer.json()
        assert answer.status == 200, (url, answer.status, told, person)
        return told


def _figures(share: Data) -> Figures:
    names = ("subtotal", "shipping", "tax", "amount")
    return {**{name: share[name] for name in names}, "tip": share["tipAmount"]}


def _without_goal(figures: Figures) -> Figures:
    return {name: cents for name, cents in figures.items() if name != "goal"}


def _address(place: Data) -> Data:
    return {
        "name": "Noor",
        "address1": "1 Main St",
        "country": place["country"],
        "province": place["province"],
        "postalCode": place["zip"],
    }


def _exact(number: Fraction) -> Decimal:
    """Return what has a few decimals at most, as a decimal."""
    return Decimal(number.numerator) / Decimal(number.denominator)
