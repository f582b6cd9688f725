"""The settings of notify."""

from typing import Annotated

import msgspec

from services.chassis.process.settings import CommonSettings, OwnSecret, Secret


class Settings(CommonSettings, frozen=True, kw_only=True):
    """What notify needs beyond what every service needs."""

    admin_secret: OwnSecret
    resend_api_key: Secret
    resend_api_base: str = "https://api.resend.com"
    # Name and address every mail comes from; its domain must be verified at Resend.
    email_from: str
    # Signs the manage links; the ledger checks them with the same secret.
    magic_link_secret: OwnSecret
    # The key before it, while links live that it signed.
    magic_link_secret_previous: Secret = Secret("")
    # Resend allows a team two by default. 0 means as fast as it answers.
    resend_requests_per_second: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 2.0
