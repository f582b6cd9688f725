"""What people's programs get about another card. Pure."""

from contracts.api.checkout import CardUpdated, CardWarning
from contracts.api.figures import CardFace
from contracts.events.checkout import Card


def updated_with(card: Card, warning: CardWarning | None) -> CardUpdated:
    """Return the answer to who saved a card."""
    face = CardFace(
        brand=card.brand, last4=card.last4, exp_month=card.exp_month, exp_year=card.exp_year
    )
    return CardUpdated(success=True, card=face, card_warning=warning)
