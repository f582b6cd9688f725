"""What a supporter's browser sends to change a pledge. Names and prices are never read."""

from decimal import Decimal
from typing import Annotated

import msgspec

from contracts.magic_link import TOKEN_LENGTH_MAX
from contracts.pricing import Address

QUANTITY_MAX = 1_000
ITEMS_MAX = 200
ANSWERS_MAX = 50

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=250)]
Quantity = Annotated[int, msgspec.Meta(ge=0, le=QUANTITY_MAX)]
Cents = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class TierWanted(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A tier, how many of it, and answers to its questions by the question's name."""

    id: Name
    qty: Quantity = 1
    fields: Annotated[
        dict[
            Annotated[str, msgspec.Meta(max_length=300)],
            Annotated[str, msgspec.Meta(max_length=2_000)],
        ],
        msgspec.Meta(max_length=ANSWERS_MAX),
    ] = {}


class ItemWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the budget and what is given to it, in dollars; 0 takes it out."""

    id: Name
    amount: Decimal


class AddOnWanted(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """A product and how many of it."""

    product_id: Name
    variant_id: Annotated[str, msgspec.Meta(max_length=250)] | None = None
    quantity: Quantity = 1


class ModifyRequest(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True
):
    """What a pledge shall become; what is left out stays. Interfaces, "Shapes".

    `addTiers` and `bundleAddOns` replace what there is, `supportItems` are merged by id.
    `expectedAmount` is what the person was shown, in cents, `expectedLinked` the same of the
    pledges from the same checkout that change with this one, by their order id.
    """

    token: Annotated[str, msgspec.Meta(max_length=TOKEN_LENGTH_MAX)]
    order_id: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    add_tiers: Annotated[list[TierWanted], msgspec.Meta(max_length=ITEMS_MAX)] | None = None
    new_tier_id: Name | None = None
    new_tier_qty: Quantity | None = None
    support_items: Annotated[list[ItemWanted], msgspec.Meta(max_length=ITEMS_MAX)] | None = None
    custom_amount: Decimal | None = None
    bundle_add_ons: Annotated[list[AddOnWanted], msgspec.Meta(max_length=ITEMS_MAX)] | None = None
    tip_percent: int | None = None
    shipping_option: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    shipping_address: Address | None = None
    revision: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    expected_amount: Cents | None = None
    expected_linked: (
        Annotated[
            dict[Annotated[str, msgspec.Meta(max_length=300)], Cents],
            msgspec.Meta(max_length=ITEMS_MAX),
        ]
        | None
    ) = None
    preferred_lang: Annotated[str, msgspec.Meta(max_length=10)] | None = None
