"""The settings of notify."""

from typing import Annotated
from urllib.parse import unquote, urlsplit

import msgspec

from services.chassis.process.settings import CommonSettings, OwnSecret, Secret

SCHEMES = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server is, and who we are to it."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""


def server_at(url: str) -> MailServer:
    """Return the server of `smtps://user:password@host:465`. Raises `ValueError`.

    `smtp+starttls` begins in plain and goes on encrypted; `smtp` stays plain, for a relay on
    the same machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ValueError("not the address of a mail server")
    return MailServer(
        scheme=parts.scheme,
        host=parts.hostname,
        port=parts.port or SCHEMES[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


class Settings(CommonSettings, frozen=True, kw_only=True):
    """What notify needs beyond what every service needs."""

    admin_secret: OwnSecret
    # Where the ledger answers, with commas: it is asked for the files of reports.
    pledges_url: str
    # One of the two sends: Resend by its key, or a mail server by its address.
    resend_api_key: Secret = Secret("")
    # Such as smtps://user:password@host:465; see `server_at`.
    smtp_url: Secret = Secret("")
    resend_api_base: str = "https://api.resend.com"
    # Resend signs with it what it tells of mails; without it nothing it tells is believed.
    resend_webhook_secret: Secret = Secret("")
    # Name and address every mail comes from; its domain must be verified at Resend.
    email_from: str
    # Signs the manage links; the ledger checks them with the same secret.
    magic_link_secret: OwnSecret
    # The key before it, while links live that it signed.
    magic_link_secret_previous: Secret = Secret("")
    # Resend allows a team two by default. 0 means as fast as it answers.
    resend_requests_per_second: Annotated[float, msgspec.Meta(ge=0, le=1_000)] = 2.0

    # A challenge for who asks for a launch reminder; checkout and site have the same keys.
    turnstile_site_key: str = ""
    turnstile_secret: Secret = Secret("")
    turnstile_base: str = "https://challenges.cloudflare.com"

    def problems(self) -> list[str]:
        """Somebody has to send, and we must know who. A challenge has two keys."""
        found = []
        if bool(self.turnstile_site_key) != bool(self.turnstile_secret):
            found.append("TURNSTILE_SITE_KEY and TURNSTILE_SECRET are set together or not at all")
        if not self.smtp_url:
            return [*found, *([] if self.resend_api_key else ["RESEND_API_KEY is missing"])]
        try:
            server_at(self.smtp_url.reveal())
        except ValueError:
            found.append("SMTP_URL is not the address of a mail server")
        return found
