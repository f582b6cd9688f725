"""What people's programs get about another card. Pure."""

import msgspec

from contracts.api.checkout import CardWarning
from contracts.api.figures import CardFace
from contracts.events.checkout import Card
from services.checkout.domain.cards import OtherCard


class CardUpdateStarted(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True
):
    """A session that waits for a card: on our page, or on Stripe's.

    `other_cards`: cards of further pledges, which the new one will pay for as well.
    """

    checkout_ui_mode: str
    session_id: str
    client_secret: str | None = None
    publishable_key: str | None = None
    url: str | None = None
    other_cards: tuple[OtherCard, ...] = ()


class CardUpdated(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The card that is saved for the pledge now, with what is to be said about it."""

    success: bool
    card: CardFace
    card_warning: CardWarning | None = None


def updated_with(card: Card, warning: CardWarning | None) -> CardUpdated:
    """Return the answer to who saved a card."""
    face = CardFace(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )
    return CardUpdated(success=True, card=face, card_warning=warning)
