"""Every environment variable of the ledger."""

from services.chassis.process.settings import CommonSettings, OwnSecret, Secret


class Settings(CommonSettings, frozen=True, kw_only=True):
    """The key that magic links are signed with, and the operators' secret."""

    magic_link_secret: OwnSecret
    # The key before it, while links live that it signed.
    magic_link_secret_previous: Secret = Secret("")
    admin_secret: OwnSecret
