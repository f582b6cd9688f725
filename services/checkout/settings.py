"""Every environment variable of this service beyond the common ones."""

from services.chassis.settings import CommonSettings, Secret

LIVE_KEYS = ("sk_live_", "rk_live_")


class Settings(CommonSettings, frozen=True, kw_only=True):
    """Secrets have no default, except those whose absence has a meaning of its own."""

    stripe_secret_key: Secret
    # Keys the digest under which an Idempotency-Key is remembered.
    checkout_intent_secret: Secret
    # Empty: no operator may use /admin routes.
    admin_secret: Secret = Secret("")
    # Empty: Stripe's hosted page instead of the card step on our own.
    stripe_publishable_key: str = ""
    # Empty: the webhook route answers 503. Several, divided by commas, while one is rotated.
    stripe_webhook_secret: Secret = Secret("")
    stripe_api_base: str = "https://api.stripe.com"
    # Requests per second this process may send to Stripe. Empty or 0: as many as it likes.
    stripe_requests_per_second: str = ""
    # Empty: no account at USPS, and flat rates instead of its prices.
    usps_client_id: str = ""
    usps_client_secret: Secret = Secret("")
    usps_api_base: str = "https://apis.usps.com"

    @property
    def is_live(self) -> bool:
        """Tell whether real cards are meant."""
        return self.stripe_secret_key.reveal().startswith(LIVE_KEYS)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return every secret a webhook may be signed with."""
        return tuple(each for each in self.stripe_webhook_secret.reveal().split(",") if each)
