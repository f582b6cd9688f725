"""Worlds and carts by the thousand, as plain data; and as the types of ours."""

import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.campaign import (
    AddOn,
    AddOnVariant,
    CampaignDefinition,
    CarrierRules,
    Category,
    Package,
    PlatformDefinition,
    SupportItem,
    TaxRow,
    TaxTable,
    Tier,
)
from contracts.ids import CampaignSlug
from contracts.money import Cents
from contracts.pricing import Address
from tests.checkout import oracle
from tests.checkout.oracle import Data
from tests.checkout.samples import a_campaign

PLACES = (
    ("US", "NM", "87101"),
    ("US", "NY", "10001"),
    ("US", "TX", "73301"),
    ("PR", "", "00901"),
    ("DE", "", "10115"),
    ("ES", "", "28001"),
    ("CA", "QC", "G1A1A1"),
)
RATES = ("0", "0.07875", "0.0825", "0.04875", "0.21", "0.19", "0.1", "0.999")
BOXES = (*oracle.PRESETS, ("10", "9", "6", "2", "1.5", "0.5"), ("3.333", "1.5", "1", "1", "0", "0"))
CATEGORIES: tuple[Category, Category] = ("physical", "digital")


class Maker:
    """Makes up worlds and carts; the same for the same chance.

    Names end in `suffix`. With `is_published` everything posted says what it weighs, as a
    file must; else there is some of which nobody knows.
    """

    def __init__(
        self, chance: random.Random, *, suffix: str = "", is_published: bool = False
    ) -> None:
        self.random = chance
        self.suffix = suffix
        self.boxes = BOXES if is_published else (*BOXES, None)

    def world(self) -> Data:
        """Return a platform and one to three campaigns."""
        pick = self.random
        is_tabled = pick.random() < 0.5
        rows = {"US": self._row(), "US-NM": self._row(), "US-NY": self._row(), "ES": self._row()}
        countries = {
            country: (self.dollars(0, 40) if pick.random() < 0.4 else None)
            for country, _, _ in PLACES
        }
        platform = {
            "rate": pick.choice(RATES),
            "table": {"default": self._row(), "rows": rows} if is_tabled else None,
            "fallback": self.dollars(0, 12),
            "free_shipping": pick.random() < 0.2,
            "countries": countries if pick.random() < 0.4 else {},
            "carrier": pick.random() < 0.7,
            "add_ons": [self._product(f"platform-{n}{self.suffix}") for n in range(3)],
        }
        names = pick.sample(("apple", "film", "zebra"), pick.randint(1, 3))
        slugs = [f"{name}{self.suffix}" for name in names]
        return {
            "platform": platform,
            "campaigns": {slug: self._campaign(slug) for slug in slugs},
        }

    def cart(self, world: Data) -> Data:
        """Return a cart that somebody might fill in this world."""
        pick = self.random
        slugs = pick.sample(sorted(world["campaigns"]), pick.randint(1, len(world["campaigns"])))
        items = [item for slug in slugs for item in self._of_campaign(slug, world)]
        items += self._of_platform(world["platform"])
        pick.shuffle(items)
        return {
            "items": items,
            "tip": pick.randint(0, 15),
            "to": self.place() if pick.random() < 0.85 else None,
            "billing": self.place() if pick.random() < 0.3 else None,
            "option": pick.choice(("standard", "standard", *oracle.SIGNATURES)),
            "anchor": pick.choice((*sorted(world["campaigns"]), "elsewhere", None)),
        }

    def place(self) -> Data:
        country, province, code = self.random.choice(PLACES)
        return {"country": country, "province": province, "zip": code}

    def dollars(self, least: int, most: int) -> str:
        return str(Decimal(self.random.randint(least * 100, most * 100)) / 100)

    def _row(self) -> tuple[str, bool]:
        return self.random.choice(RATES), self.random.random() < 0.3

    def _thing(self, name: str) -> Data:
        category = self.random.choice(CATEGORIES)
        box = self.random.choice(self.boxes) if category == "physical" else None
        return {"id": name, "category": category, "box": box}

    def _product(self, name: str) -> Data:
        variants = [
            {"id": f"v{n}", "price": self.dollars(0, 60) if self.random.random() < 0.5 else None}
            for n in range(self.random.choice((0, 0, 3)))
        ]
        return {**self._thing(name), "price": self.dollars(0, 80), "variants": variants}

    def _campaign(self, slug: str) -> Data:
        pick = self.random
        tiers = [
            {
                **self._thing(f"tier-{n}"),
                "price": self.dollars(1, 900),
                "is_stackable": pick.random() < 0.7,
            }
            for n in range(5)
        ]
        return {
            "tiers": tiers,
            "support_items": [self._thing(f"item-{n}") for n in range(2)],
            "add_ons": [self._product(f"{slug}-{n}") for n in range(2)],
            "free_shipping": pick.choice((None, None, True, False)),
            "fallback": self.dollars(0, 20) if pick.random() < 0.4 else None,
            "options": [name for name in oracle.SIGNATURES if pick.random() < 0.6],
        }

    def _of_campaign(self, slug: str, world: Data) -> list[Data]:
        """Return something of a campaign: at least one cent of it."""
        pick, campaign = self.random, world["campaigns"][slug]
        items = [
            {
                "id": f"{slug}__{tier['id']}",
                "quantity": pick.randint(1, 4) if tier["is_stackable"] else 1,
            }
            for tier in pick.sample(campaign["tiers"], pick.randint(0, 3))
        ]
        items += [
            {"id": f"{slug}__support__{item['id']}", "amount": self.dollars(1, 300)}
            for item in pick.sample(campaign["support_items"], pick.randint(0, 2))
        ]
        if not items or pick.random() < 0.3:
            items.append({"id": f"{slug}__custom-support", "amount": self.dollars(1, 50)})
        return items + self._extras(campaign["add_ons"])

    def _of_platform(self, platform: Data) -> list[Data]:
        return self._extras(platform["add_ons"])

    def _extras(self, products: list[Data]) -> list[Data]:
        pick = self.random
        chosen = pick.sample(products, pick.choice((0, 0, 1, 2)))
        return [
            {
                "id": f"addon__{product['id']}"
                + (
                    f"__variant__{pick.choice(product['variants'])['id']}"
                    if product["variants"]
                    else ""
                ),
                "quantity": pick.randint(1, 3),
            }
            for product in chosen
        ]


def carrier(
    country: str,
    code: str,
    pounds: Fraction,
    sides: tuple[Fraction, Fraction, Fraction],
    is_media: bool,
) -> int | None:
    """Return a price that shows every part of the question, or None for the heaviest."""
    if pounds > 4:
        return None
    volume = sides[0] * sides[1] * sides[2]
    place = sum(map(ord, country + code)) % 97
    return 200 + int(pounds * 1_000) + int(volume) % 500 + place - (150 if is_media else 0)


def platform_of(world: Data) -> PlatformDefinition:
    """Return a world's platform as a definition."""
    platform = world["platform"]
    table = platform["table"]
    return PlatformDefinition(
        version=1,
        sales_tax_rate=platform["rate"],
        tax_provider="table" if table else "flat",
        tax_table=TaxTable(
            default=_row(table["default"]),
            rows={place: _row(row) for place, row in table["rows"].items()},
        )
        if table
        else None,
        shipping_fallback_cents=_cents(platform["fallback"]),
        free_shipping=platform["free_shipping"],
        shipping_countries={
            country: None if rate is None else _cents(rate)
            for country, rate in platform["countries"].items()
        },
        carrier=CarrierRules(is_enabled=platform["carrier"]),
        add_ons_enabled=True,
        add_ons=tuple(_add_on(product) for product in platform["add_ons"]),
    )


def definitions_of(world: Data) -> dict[CampaignSlug, CampaignDefinition]:
    """Return a world's campaigns as definitions."""
    return {
        CampaignSlug(slug): a_campaign(
            slug,
            tiers=tuple(
                Tier(
                    tier_id=tier["id"],
                    name="A tier",
                    price_cents=_cents(tier["price"]),
                    is_stackable=tier["is_stackable"],
                    **_posted(tier),
                )
                for tier in campaign["tiers"]
            ),
            support_items=tuple(
                SupportItem(
                    item_id=item["id"], label="An item", target_cents=Cents(1), **_posted(item)
                )
                for item in campaign["support_items"]
            ),
            add_ons=tuple(_add_on(product) for product in campaign["add_ons"]),
            free_shipping=campaign["free_shipping"],
            shipping_fallback_cents=None
            if campaign["fallback"] is None
            else _cents(campaign["fallback"]),
            shipping_options=tuple(campaign["options"]),
        )
        for slug, campaign in world["campaigns"].items()
    }


def address_of(place: Data | None) -> Address | None:
    """Return a place as an address."""
    if place is None:
        return None
    return Address(
        name="Noor",
        address1="1 Main St",
        country=place["country"],
        province=place["province"],
        postal_code=place["zip"],
    )


def _cents(dollars: str) -> Cents:
    return Cents(int(Decimal(dollars) * 100))


def _row(row: tuple[str, bool]) -> TaxRow:
    return TaxRow(rate=row[0], taxes_shipping=row[1])


def _posted(thing: Data) -> dict[str, Any]:
    box = thing["box"]
    names = ("weight_oz", "length_in", "width_in", "height_in")
    more = ("packaging_weight_oz", "stack_height_in")
    return {
        "category": thing["category"],
        "shipping_preset": box if isinstance(box, str) else None,
        "package": Package(**dict(zip((*names, *more), box, strict=True)))
        if isinstance(box, tuple)
        else None,
    }


def _add_on(product: Data) -> AddOn:
    return AddOn(
        product_id=product["id"],
        name="A product",
        price_cents=_cents(product["price"]),
        variants=tuple(
            AddOnVariant(
                variant_id=variant["id"],
                label="A variant",
                price_cents=None if variant["price"] is None else _cents(variant["price"]),
            )
            for variant in product["variants"]
        ),
        **_posted(product),
    )
