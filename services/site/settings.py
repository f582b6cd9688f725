"""Everything that can be set for site."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import msgspec

from services.chassis.process.settings import CommonSettings, OwnSecret, Secret


class Settings(CommonSettings, frozen=True, kw_only=True):
    """The environment of site: the common part, its content, and those it stands before."""

    campaigns_dir: str
    # Where each process of a service answers, with commas: they are asked in turn.
    checkout_url: str
    pledges_url: str
    settlement_url: str
    notify_url: str
    admin_secret: OwnSecret
    # Where pages load Stripe's script from. Its origin is the only foreign one they trust.
    stripe_js_url: str = "https://js.stripe.com/endive/stripe.js"
    # The challenge's public key; with it the pages that pay trust the challenge's script too.
    turnstile_site_key: str = ""
    rate_limit_scale: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    # Addresses or networks, with commas, whose X-Forwarded-For is believed. Nobody's by default.
    trusted_proxies: str = ""
    # Further names, with commas, by which a browser or a probe may call this host.
    allowed_hosts: str = ""
    # Where scaled pictures are kept; what is lost is made again. By default a temporary folder.
    media_cache_dir: str = ""
    # Where uploads are kept, as file:///a/folder that all replicas share. By default `uploads`
    # below the content folder's `media`.
    media_url: str = ""
    # Where the content folder's repository is pushed to and followed; by default nowhere. An
    # address with a password in it is a secret.
    content_remote: Secret = Secret("")
    # How often the content folder is looked at for edits by hand; 0: only when asked.
    content_look_seconds: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 5.0
    # Readers of live figures at once, in this process and from one address.
    live_readers_max: Annotated[int, msgspec.Meta(ge=1)] = 2_000
    live_readers_per_address_max: Annotated[int, msgspec.Meta(ge=1)] = 200
    # Days for which the dashboard's audit log is kept.
    audit_retention_days: Annotated[int, msgspec.Meta(ge=400, le=36_500)] = 400

    @property
    def pictures(self) -> Path:
        """Return the folder of scaled pictures."""
        if self.media_cache_dir:
            return Path(self.media_cache_dir)
        return Path(tempfile.gettempdir()) / f"pool-pictures-{os.getuid()}"

    def upstream(self, owner: str) -> tuple[str, ...]:
        """Return where the service that owns a route listens, each of its processes."""
        urls = {
            "checkout": self.checkout_url,
            "pledges": self.pledges_url,
            "settlement": self.settlement_url,
            "notify": self.notify_url,
        }
        return tuple(each.strip().rstrip("/") for each in urls[owner].split(",") if each.strip())
