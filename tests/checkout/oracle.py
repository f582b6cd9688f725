"""A second opinion on what a cart costs, in exact fractions, from the rules alone.

It shares no code with the service: it reads campaigns and carts as plain data, as an author
and a browser write them, and knows no type of ours. Source: product rules 3 and 4,
decisions "Cart, price, stock".

A world is `{"platform": {…}, "campaigns": {slug: {…}}}`, money in dollars as text. A cart has
`items` with ids, quantities and amounts, `tip`, `option`, `anchor`, and `to` and `billing`:
None, or country, province and ZIP code.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

Data = dict[str, Any]
Figures = dict[str, int]
# (country, ZIP code, pounds, sides, goes by Media Mail) to cents, or None where nobody takes it.
Carrier = Callable[[str, str, Fraction, tuple[Fraction, Fraction, Fraction], bool], int | None]

# weight, length, width, height, packaging, further height; ounces and inches.
PRESETS = {
    "sticker": ("0.4", "6", "4", "0.1", "0.6", "0.02"),
    "tshirt": ("6", "12", "10", "1", "1", "0.75"),
    "poster": ("4", "25", "3", "3", "8", "0.25"),
    "cd": ("3.6", "7.5", "5.5", "0.6", "1", "0.4"),
    "vinyl": ("11", "13", "13", "0.75", "7", "0.25"),
    "dvd": ("4", "8", "6", "0.75", "1", "0.6"),
    "bluray": ("3.2", "7.5", "6", "0.7", "1", "0.5"),
    "signed_script": ("14", "12", "9", "0.75", "1.5", "0.5"),
}
SIGNATURES = {"signature_required": 395, "adult_signature_required": 970}
# Discs and scripts: alone in a parcel within the country they go by a class of their own.
MEDIA = {"cd", "vinyl", "dvd", "bluray", "signed_script"}
CARRIERS_HOME = {"US", "PR", "VI", "GU", "AS", "MP"}
HALF = Fraction(1, 2)


def price(cart: Data, world: Data, carrier: Carrier) -> dict[str, Figures]:
    """Return what each campaign's share of a cart costs, in cents."""
    chosen: dict[str, list[Data]] = {}
    extras: list[tuple[str, Data]] = []
    for item in cart["items"]:
        slug, _, rest = item["id"].partition("__")
        if slug == "addon":
            extras.append((rest, item))
        else:
            chosen.setdefault(slug, []).append(_chosen(world["campaigns"][slug], rest, item))
    anchor = cart.get("anchor")
    anchor = anchor if anchor in chosen else min(chosen)
    for rest, item in extras:
        slug, thing = _extra(world, rest, item)
        chosen[slug or anchor].append(thing)
    return {
        slug: _share(chosen[slug], world["campaigns"][slug], world["platform"], cart, carrier)
        for slug in sorted(chosen)
    }


def _chosen(campaign: Data, rest: str, item: Data) -> Data:
    if rest == "custom-support":
        return _thing({}, Fraction(item["amount"]) * 100, 1)
    if rest.startswith("support__"):
        found = _by_id(campaign["support_items"], rest.removeprefix("support__"))
        return _thing(found, Fraction(item["amount"]) * 100, 1)
    found = _by_id(campaign["tiers"], rest)
    return _thing(found, Fraction(found["price"]) * 100, item.get("quantity", 1))


def _extra(world: Data, rest: str, item: Data) -> tuple[str, Data]:
    """Return a product and whose it is: a campaign's, or nobody's for the platform's."""
    product_id, _, variant_id = rest.partition("__variant__")
    shelves = {"": world["platform"]["add_ons"]} | {
        slug: campaign["add_ons"] for slug, campaign in world["campaigns"].items()
    }
    for slug, products in shelves.items():
        for product in products:
            if product["id"] == product_id:
                dollars = product["price"]
                if variant_id:
                    own = _by_id(product["variants"], variant_id)["price"]
                    dollars = product["price"] if own is None else own
                thing = _thing(product, Fraction(dollars) * 100, item.get("quantity", 1))
                return slug, {**thing, "is_platforms": slug == ""}
    raise KeyError(product_id)


def _thing(found: Data, cents: Fraction, quantity: int) -> Data:
    return {
        "cents": cents * quantity,
        "quantity": quantity,
        "is_posted": found.get("category") == "physical",
        "box": found.get("box"),
        "is_platforms": False,
    }


def _share(
    things: list[Data], campaign: Data, platform: Data, cart: Data, carrier: Carrier
) -> Figures:
    subtotal = sum((each["cents"] for each in things), Fraction(0))
    goal = sum((each["cents"] for each in things if not each["is_platforms"]), Fraction(0))
    own = [each for each in things if each["is_posted"] and not each["is_platforms"]]
    theirs = [each for each in things if each["is_posted"] and each["is_platforms"]]
    shipping = Fraction(0)
    if own:
        is_free = campaign["free_shipping"]
        flat = campaign["fallback"]
        shipping += _postage(
            own,
            is_free=platform["free_shipping"] if is_free is None else is_free,
            flat=platform["fallback"] if flat is None else flat,
            options=campaign["options"],
            platform=platform,
            cart=cart,
            carrier=carrier,
        )
    if theirs:
        shipping += _postage(
            theirs,
            is_free=platform["free_shipping"],
            flat=platform["fallback"],
            options=[],
            platform=platform,
            cart=cart,
            carrier=carrier,
        )
    tax = _tax(subtotal, shipping, platform, cart)
    tip = _half_up(subtotal * cart["tip"] / 100)
    figures = {
        "subtotal": int(subtotal),
        "shipping": int(shipping),
        "tax": tax,
        "tip": tip,
        "goal": int(goal),
    }
    return figures | {"amount": int(subtotal) + int(shipping) + tax + tip}


def _postage(
    things: list[Data],
    *,
    is_free: bool,
    flat: str,
    options: list[str],
    platform: Data,
    cart: Data,
    carrier: Carrier,
) -> Fraction:
    if is_free:
        return Fraction(0)
    to = cart["to"]
    if to is not None and platform["countries"].get(to["country"]) is not None:
        return Fraction(platform["countries"][to["country"]]) * 100
    boxes = [_box(each["box"]) for each in things]
    if to is None or not platform["carrier"] or any(box is None for box in boxes):
        return Fraction(flat) * 100
    is_home = to["country"] in CARRIERS_HOME
    kinds = {each["box"] for each in things}
    found = carrier(
        to["country"],
        to["zip"],
        *_wrapped(things, [box for box in boxes if box]),
        is_home and len(kinds) == 1 and kinds <= MEDIA,
    )
    if found is None:
        return Fraction(flat) * 100
    is_signed = is_home and cart["option"] in options
    return Fraction(found + (SIGNATURES[cart["option"]] if is_signed else 0))


def _box(box: Any) -> tuple[Fraction, ...] | None:
    """Return a preset's numbers, or an author's own; None for what nobody can weigh."""
    if isinstance(box, str):
        box = PRESETS.get(box)
    return None if box is None else tuple(Fraction(number) for number in box)


def _wrapped(
    things: list[Data], boxes: list[tuple[Fraction, ...]]
) -> tuple[Fraction, tuple[Fraction, Fraction, Fraction]]:
    ounces = height = Fraction(0)
    for thing, (weight, _, _, tall, packaging, further) in zip(things, boxes, strict=True):
        ounces += weight * thing["quantity"] + packaging
        height += tall + further * (thing["quantity"] - 1)
    pounds = Fraction(_half_up(ounces / 16 * 10_000), 10_000)
    return max(pounds, Fraction(1, 16)), (
        max(box[1] for box in boxes),
        max(box[2] for box in boxes),
        height,
    )


def _tax(subtotal: Fraction, shipping: Fraction, platform: Data, cart: Data) -> int:
    if platform["table"] is None:
        return _half_up(subtotal * Fraction(platform["rate"]))
    rate, taxes_shipping = platform["table"]["default"]
    place = cart["billing"] or cart["to"]
    if place is not None:
        rows = platform["table"]["rows"]
        for name in (f"{place['country']}-{place['province']}", place["country"]):
            if name in rows:
                rate, taxes_shipping = rows[name]
                break
    base = subtotal + (shipping if taxes_shipping else 0)
    return _half_up(base * Fraction(rate))


def _half_up(number: Fraction) -> int:
    return math.floor(number + HALF)


def _by_id(entries: list[Data], name: str) -> Data:
    return next(each for each in entries if each["id"] == name)
