"""Every environment variable of this service beyond the common ones."""

from typing import Annotated

import msgspec

from services.chassis.process.settings import OwnSecret, Secret
from services.chassis.stripe.settings import StripeSettings


class Settings(StripeSettings, frozen=True, kw_only=True):
    """Secrets have no default, except those whose absence has a meaning of its own."""

    # Keys the digest under which an Idempotency-Key is remembered.
    checkout_intent_secret: OwnSecret
    # Empty: no operator may use /admin routes.
    admin_secret: OwnSecret = OwnSecret("")
    # Empty: Stripe's hosted page instead of the card step on our own.
    stripe_publishable_key: str = ""
    # Empty: the webhook route answers 503. Several, divided by commas, while one is rotated.
    stripe_webhook_secret: Secret = Secret("")
    # The same key that the ledger opens links with: another card is saved by a link.
    magic_link_secret: OwnSecret
    # The key before it, while links live that it signed.
    magic_link_secret_previous: Secret = Secret("")
    # Multiplies every limit on people's routes.
    rate_limit_scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    # A challenge for addresses from which too many cards failed. Both or none.
    turnstile_site_key: str = ""
    turnstile_secret: Secret = Secret("")
    turnstile_base: str = "https://challenges.cloudflare.com"
    # Empty: no account at USPS, and flat rates instead of its prices.
    usps_client_id: str = ""
    usps_client_secret: Secret = Secret("")
    usps_api_base: str = "https://apis.usps.com"

    def problems(self) -> list[str]:
        """A challenge nobody can check, or nobody is shown, would lock people out."""
        found = StripeSettings.problems(self)
        if bool(self.turnstile_site_key) != bool(self.turnstile_secret):
            found.append("TURNSTILE_SITE_KEY and TURNSTILE_SECRET are set together or not at all")
        return found

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return every secret a webhook may be signed with."""
        return tuple(each for each in self.stripe_webhook_secret.reveal().split(",") if each)
