"""What a shipment weighs and measures, from what is in it. Pure.

Ounces and inches, exact. Source: product rules 4.1.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import msgspec

from contracts.campaign import AddOn, CampaignDefinition, Package, PlatformDefinition
from contracts.presets import PRESETS
from contracts.pricing import PricedLine

Scope = Literal["campaign", "platform"]
OUNCES_PER_POUND = 16
POUNDS_MIN = Decimal("0.0625")
FOUR_PLACES = Decimal("0.0001")


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel: pounds with four decimals, inches, and the classes its one kind prefers."""

    pounds: str
    length_in: str
    width_in: str
    height_in: str
    classes: tuple[str, ...] = ()


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted together. Without a parcel nobody knows what it weighs."""

    scope: Scope
    parcel: Parcel | None


class _Packed(msgspec.Struct, frozen=True, kw_only=True):
    quantity: int
    package: Package
    preset: str | None


def loads_of(
    lines: Sequence[PricedLine], *, definition: CampaignDefinition, platform: PlatformDefinition
) -> tuple[Load, ...]:
    """Return one load of the campaign's own things and one of the platform's products.

    What is physical and does not count toward the goal is the platform's.
    """
    posted = [line for line in lines if line.is_physical]
    scopes: dict[Scope, list[PricedLine]] = {
        "campaign": [line for line in posted if line.counts_toward_goal],
        "platform": [line for line in posted if not line.counts_toward_goal],
    }
    return tuple(
        Load(scope=scope, parcel=_parcel(held, definition=definition, platform=platform))
        for scope, held in scopes.items()
        if held
    )


def _parcel(
    lines: Sequence[PricedLine], *, definition: CampaignDefinition, platform: PlatformDefinition
) -> Parcel | None:
    packed: list[_Packed] = []
    for line in lines:
        preset, package = _package(line, definition=definition, platform=platform)
        if package is None:
            return None
        packed.append(_Packed(quantity=line.quantity, package=package, preset=preset))
    return _together(packed)


def _together(packed: Sequence[_Packed]) -> Parcel:
    """Side by side nothing grows; on top of each other everything does."""
    ounces = sum(
        (
            Decimal(each.package.weight_oz) * each.quantity
            + Decimal(each.package.packaging_weight_oz)
            for each in packed
        ),
        Decimal(0),
    )
    height = sum(
        (
            Decimal(each.package.height_in)
            + Decimal(each.package.stack_height_in) * (each.quantity - 1)
            for each in packed
        ),
        Decimal(0),
    )
    pounds = max(POUNDS_MIN, (ounces / OUNCES_PER_POUND).quantize(FOUR_PLACES, ROUND_HALF_UP))
    presets = {each.preset for each in packed}
    only = presets.pop() if len(presets) == 1 else None
    return Parcel(
        pounds=_plain(pounds),
        length_in=_plain(max(Decimal(each.package.length_in) for each in packed)),
        width_in=_plain(max(Decimal(each.package.width_in) for each in packed)),
        height_in=_plain(height),
        classes=PRESETS[only].classes if only in PRESETS else (),
    )


def _package(
    line: PricedLine, *, definition: CampaignDefinition, platform: PlatformDefinition
) -> tuple[str | None, Package | None]:
    """Return a line's preset and package. Weight and size of its own win over a preset."""
    found = _described(line, definition=definition, platform=platform)
    if found is None:
        return None, None
    preset, package = found
    if package is not None:
        return None, package
    return preset, PRESETS[preset].package if preset in PRESETS else None


def _described(
    line: PricedLine, *, definition: CampaignDefinition, platform: PlatformDefinition
) -> tuple[str | None, Package | None] | None:
    if line.kind == "tier":
        tier = definition.tier(line.item_id)
        return (tier.shipping_preset, tier.package) if tier else None
    if line.kind == "support_item":
        items = {item.item_id: item for item in definition.support_items}
        item = items.get(line.item_id)
        return (item.shipping_preset, item.package) if item else None
    products = definition.add_ons if line.counts_toward_goal else platform.add_ons
    product = _by_id(products).get(line.item_id)
    return (product.shipping_preset, product.package) if product else None


def _by_id(products: Iterable[AddOn]) -> Mapping[str, AddOn]:
    return {product.product_id: product for product in products}


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
