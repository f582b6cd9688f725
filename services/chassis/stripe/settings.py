"""What everybody needs who talks to Stripe: a key, an address, and how fast."""

from typing import Annotated

import msgspec

from services.chassis.process.settings import CommonSettings, Secret

STRIPE_BASE = "https://api.stripe.com"
LIVE_KEYS = ("sk_live_", "rk_live_")
REQUESTS_PER_SECOND_LIVE = 80
REQUESTS_PER_SECOND_TEST = 20


class StripeSettings(CommonSettings, frozen=True, kw_only=True):
    """What everybody needs who talks to Stripe."""

    stripe_secret_key: Secret
    stripe_api_base: str = STRIPE_BASE
    # For the whole account, shared by all processes. Empty: what fits the key. 0: no limit.
    stripe_requests_per_second: Annotated[str, msgspec.Meta(pattern=r"^\d{0,6}$")] = ""
    # How many processes talk to Stripe. While Redis is away each keeps to its part.
    stripe_processes: Annotated[int, msgspec.Meta(ge=1)] = 4

    @property
    def is_live(self) -> bool:
        """Tell whether real cards are meant."""
        return self.stripe_secret_key.reveal().startswith(LIVE_KEYS)

    @property
    def requests_per_second(self) -> int:
        """Return the account's limit: what was set, else what leaves Stripe's own some room.

        Whoever plays Stripe has no limit unless told otherwise. Source: decisions.md.
        """
        if self.stripe_requests_per_second:
            return int(self.stripe_requests_per_second)
        if self.stripe_api_base.rstrip("/") != STRIPE_BASE:
            return 0
        return REQUESTS_PER_SECOND_LIVE if self.is_live else REQUESTS_PER_SECOND_TEST

    def problems(self) -> list[str]:
        """A live key is shown to Stripe and to nobody else."""
        if self.is_live and self.stripe_api_base.rstrip("/") != STRIPE_BASE:
            return [f"STRIPE_API_BASE must be {STRIPE_BASE} with a live key"]
        return []
