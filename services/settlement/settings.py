"""What settlement reads from its environment."""

from typing import Annotated

import msgspec

from services.chassis.process.settings import OwnSecret, Secret
from services.chassis.stripe.settings import StripeSettings

CHARGES_PER_SECOND_LIVE = 20
CHARGES_PER_SECOND_TEST = 8


class Settings(StripeSettings, frozen=True, kw_only=True):
    """The common settings, Stripe's, and how fast to charge."""

    admin_secret: OwnSecret
    # The same key that the ledger opens links with: a person confirms a charge by their link.
    magic_link_secret: OwnSecret
    # The key before it, while links live that it signed.
    magic_link_secret_previous: Secret = Secret("")
    # What Stripe.js is started with on that page.
    stripe_publishable_key: str = ""
    # How many charges may begin each second, by all chargers of the account together.
    settlement_charges_per_second: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None

    @property
    def charges_per_second(self) -> int:
        """Return the rate that was set, or the one that fits Stripe's limits for this key.

        A charge is two requests, and Stripe allows 25 per second and endpoint: see
        decisions.md, "Stripe's limits".
        """
        if self.settlement_charges_per_second is not None:
            return self.settlement_charges_per_second
        return CHARGES_PER_SECOND_LIVE if self.is_live else CHARGES_PER_SECOND_TEST
