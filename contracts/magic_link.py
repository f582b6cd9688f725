"""Magic links: the signed token in every mail that lets its holder in.

Format (workflows, "Magic links"): base64url(payload) "." base64url(HMAC-SHA256 of
the encoded payload), both unpadded. The payload is UTF-8 JSON with a scope, so that
a token of one kind never opens another door, and a key id, so that keys can rotate.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from contracts.ids import CampaignSlug, PledgeId
from contracts.refusals import LinkRefused

PLEDGE_SCOPE = "pledge"
LIFETIME = timedelta(days=90)
TOKEN_LENGTH_MAX = 2_048
CURRENT_KEY = "k1"


class MagicLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a token says: which pledge, whose, in which campaign, until when."""

    order_id: PledgeId
    email: str
    campaign_slug: CampaignSlug
    exp: int
    scope: str = PLEDGE_SCOPE
    kid: str = CURRENT_KEY


def expires_at(*, now: datetime, deadline: datetime) -> int:
    """Return when a link made `now` ends: 90 days on, or 90 days after the deadline."""
    return int((max(now, deadline) + LIFETIME).timestamp())


def sign(link: MagicLink, secret: bytes) -> str:
    """Return the token for `link`."""
    body = _encode(msgspec.json.encode(link))
    return f"{body}.{_signature(body, secret)}"


def verify(token: str, keys: Mapping[str, bytes], *, now: datetime, scope: str) -> MagicLink:
    """Return what `token` says, or raise `LinkRefused`, the same way for every fault.

    The payload is decoded only for its key id before the signature holds; nothing
    else in it is believed until then.
    """
    body, _, signature = token.partition(".")
    if len(token) > TOKEN_LENGTH_MAX or not signature:
        raise _refused()
    try:
        link = msgspec.json.decode(_decode(body), type=MagicLink)
    except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError) as exc:
        # ValueError includes bad UTF-8; deep nesting exhausts the decoder's stack.
        raise _refused() from exc
    secret = keys.get(link.kid)
    if secret is None or not signature.isascii():
        raise _refused()
    if not hmac.compare_digest(_signature(body, secret), signature):
        raise _refused()
    if link.scope != scope or link.exp <= now.timestamp():
        raise _refused()
    return link


def _refused() -> LinkRefused:
    return LinkRefused("invalid_link", "This link is not valid or has expired.")


def _signature(body: str, secret: bytes) -> str:
    return _encode(hmac.digest(secret, body.encode(), "sha256"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    padded = text.encode() + b"=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
