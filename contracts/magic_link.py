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

from contracts.ids import ORDER_PATTERN, CampaignSlug, PledgeId, SupporterId, supporter_id
from contracts.refusals import InputRefused, LinkRefused, NotFound, NotYours

PLEDGE_SCOPE = "pledge"
LIFETIME = timedelta(days=90)
TOKEN_LENGTH_MAX = 2_048
FIRST_GENERATION = 1

Keys = Mapping[str, bytes]
"""Keys by their id, the current one first."""


class MagicLink(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a token says: which pledge, whose, in which campaign, until when."""

    pledge_id: PledgeId = msgspec.field(name="orderId")
    email: str
    campaign_slug: CampaignSlug
    exp: int
    scope: str = PLEDGE_SCOPE
    # Which key signed it; `sign` knows.
    kid: str = ""
    # Every link that is sent again ends those of the generations before.
    gen: int = FIRST_GENERATION


def expires_at(*, now: datetime, deadline: datetime) -> int:
    """Return when a link made `now` ends: 90 days on, or 90 days after the deadline."""
    return int((max(now, deadline) + LIFETIME).timestamp())


def keyring(current: bytes, previous: bytes = b"") -> Keys:
    """Return the key that signs, and the one before it while its links live."""
    return {key_id(key): key for key in (current, previous) if key}


def current_key(keys: Keys) -> bytes:
    """Return the key that signs."""
    return next(iter(keys.values()))


def key_id(secret: bytes) -> str:
    """Return what a key is called in its links: it tells nothing of the key but which it is."""
    return hmac.digest(secret, b"pool: the name of this key", "sha256").hex()[:8]


def sign(link: MagicLink, secret: bytes) -> str:
    """Return the token for `link`, under the name of the key that signs it."""
    body = _encode(msgspec.json.encode(msgspec.structs.replace(link, kid=key_id(secret))))
    return f"{body}.{_signature(body, secret)}"


def verify(token: str, keys: Keys, *, now: datetime, scope: str) -> MagicLink:
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


def open_token(token: str | None, keys: Keys, *, now: datetime) -> MagicLink:
    """Return what the link of a pledge says: the first half of every door.

    400 without a token, 401 for whatever is wrong with it, 404 where no pledge can be called
    so. Whoever finds the pledge goes on with `require_holder`.
    """
    if not token:
        raise InputRefused(
            "missing_token", "The link is incomplete.", fields={"token": "is missing"}
        )
    link = verify(token, keys, now=now, scope=PLEDGE_SCOPE)
    if not ORDER_PATTERN.fullmatch(link.pledge_id):
        # A database need not be asked about a NUL.
        raise no_such_pledge()
    return link


def require_holder(
    link: MagicLink, *, supporter: SupporterId, campaign: CampaignSlug, generation: int
) -> None:
    """Refuse a link that is over (401), then one made for another pledge or person (403)."""
    require_generation(link, generation)
    if whose(link) != supporter or link.campaign_slug != campaign:
        raise NotYours("not_yours", "This link is for another pledge.")


def whose(link: MagicLink) -> SupporterId | None:
    """Return the supporter a link was made for; what is no address belongs to nobody."""
    try:
        return supporter_id(link.email)
    except ValueError:
        return None


def no_such_pledge() -> NotFound:
    """Return the refusal for a valid link whose pledge is not here: nothing is made up."""
    return NotFound("not_found", "There is no such pledge.")


def require_generation(link: MagicLink, generation: int) -> None:
    """Refuse a link that was sent before the newest, like every other link that opens nothing.

    A newer one than is known here is the newest: the news of it is still on its way.
    """
    if link.gen < generation:
        raise _refused()


def _refused() -> LinkRefused:
    return LinkRefused("invalid_link", "This link is not valid or has expired.")


def _signature(body: str, secret: bytes) -> str:
    return _encode(hmac.digest(secret, body.encode(), "sha256"))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    padded = text.encode() + b"=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
