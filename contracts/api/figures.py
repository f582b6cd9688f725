"""What several services answer alike: a price's figures, a card's face."""

import msgspec


class Figures(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whole cents, always these six."""

    subtotal: int
    shipping: int
    tax: int
    tip_percent: int
    tip_amount: int
    amount: int


class CardFace(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A saved card, as its owner knows it."""

    brand: str
    last4: str
    exp_month: int
    exp_year: int
