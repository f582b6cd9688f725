"""The sandbox's own settings, filled from the environment (or from files named by *_FILE)."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# These defaults open nothing: the sandbox listens on loopback and moves no money.
DEFAULT_SECRET_KEY = "sk_test_sandbox"  # noqa: S105
DEFAULT_RESEND_KEY = "re_sandbox"
DEFAULT_USPS_ID = "usps_sandbox"
DEFAULT_USPS_SECRET = "usps_sandbox_secret"  # noqa: S105
DEFAULT_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105


@dataclass(frozen=True, kw_only=True)
class Settings:
    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    # Where everything is remembered. Empty: in memory only.
    state: str = ""
    # Owner of the clock's offset row in the platform's database. Empty: our clock moves alone.
    database_url: str = ""
    stripe_secret_key: str = DEFAULT_SECRET_KEY
    stripe_webhook_secret: str = DEFAULT_WEBHOOK_SECRET
    # Where events are delivered. Empty: they are only listed.
    stripe_webhook_url: str = ""
    # The types that go there, as a webhook endpoint's enabled_events. Empty: all of them.
    stripe_webhook_events: tuple[str, ...] = ()
    resend_api_key: str = DEFAULT_RESEND_KEY
    # How what becomes of mails is signed, and where it is told. Empty: nowhere.
    resend_webhook_secret: str = ""
    resend_webhook_url: str = ""
    usps_client_id: str = DEFAULT_USPS_ID
    usps_client_secret: str = DEFAULT_USPS_SECRET
    # The platform's own address, for links on our pages.
    site_base: str = ""
    # Where browsers find us, when services call us by another name. Empty: by the same.
    public_url: str = ""


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    def read(name: str, default: str = "") -> str:
        if path := environ.get(f"{name}_FILE"):
            return Path(path).read_text(encoding="utf-8").strip()
        return environ.get(name) or default

    return Settings(
        listen_host=read("LISTEN_HOST", "127.0.0.1"),
        listen_port=int(read("LISTEN_PORT", "0")),
        state=read("SANDBOX_STATE"),
        database_url=read("SANDBOX_DATABASE_URL"),
        stripe_secret_key=read("STRIPE_SECRET_KEY", DEFAULT_SECRET_KEY),
        stripe_webhook_secret=read("STRIPE_WEBHOOK_SECRET", DEFAULT_WEBHOOK_SECRET),
        stripe_webhook_url=read("STRIPE_WEBHOOK_URL"),
        stripe_webhook_events=tuple(filter(None, read("STRIPE_WEBHOOK_EVENTS").split(","))),
        resend_api_key=read("RESEND_API_KEY", DEFAULT_RESEND_KEY),
        resend_webhook_secret=read("RESEND_WEBHOOK_SECRET"),
        resend_webhook_url=read("RESEND_WEBHOOK_URL"),
        usps_client_id=read("USPS_CLIENT_ID", DEFAULT_USPS_ID),
        usps_client_secret=read("USPS_CLIENT_SECRET", DEFAULT_USPS_SECRET),
        site_base=read("SITE_BASE").rstrip("/"),
        public_url=read("SANDBOX_URL").rstrip("/"),
    )
