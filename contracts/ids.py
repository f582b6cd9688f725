"""The names of things: identifiers and how each one is made."""

import hashlib
import re
import secrets
import unicodedata
from typing import NewType

OrderId = NewType("OrderId", str)
PledgeId = NewType("PledgeId", str)
CampaignSlug = NewType("CampaignSlug", str)
SupporterId = NewType("SupporterId", str)
ChargeId = NewType("ChargeId", str)
EventId = NewType("EventId", str)

ORDER_PREFIX = "pool-intent-"
ORDER_PATTERN = re.compile(r"pool-intent-[A-Za-z0-9_-]{1,180}")
SLUG_PATTERN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SLUG_LENGTH_MAX = 100
ERASED_HOST = "erased.invalid"
"""Reserved: no mail ever goes there, and nobody has an address there."""


def new_order_id() -> OrderId:
    """Return an order id nobody can guess: 128 random bits."""
    return OrderId(ORDER_PREFIX + secrets.token_hex(16))


def pledge_id(order_id: OrderId, slug: CampaignSlug, *, is_bundle: bool) -> PledgeId:
    """Return the id of an order's pledge to one campaign.

    A cart with one campaign keeps the order's own id; a bundle adds the slug.
    Source: product rules 3.6.
    """
    return PledgeId(f"{order_id}-{slug}" if is_bundle else order_id)


def is_slug(text: str) -> bool:
    """Tell whether `text` can name a campaign, tier or item."""
    return len(text) <= SLUG_LENGTH_MAX and SLUG_PATTERN.fullmatch(text) is not None


def canonical_email(address: str) -> str:
    """Return the one spelling under which an address is a supporter.

    Compatibility forms are folded, both parts are lower-cased and the domain is
    written in IDNA. Dots and plus parts stay: to many mail hosts they are
    different people. Raises `ValueError` when it is not one address.
    """
    # Twice: lower-casing can leave letters apart that the first folding had joined.
    lowered = unicodedata.normalize("NFKC", address).strip().lower()
    folded = unicodedata.normalize("NFKC", lowered)
    local, at, domain = folded.rpartition("@")
    if not at or not local or not domain or any(_is_no_part(c) for c in local + domain):
        raise ValueError("not an e-mail address")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError as exc:
        raise ValueError("not an e-mail address") from exc
    labels = ascii_domain.split(".")
    if len(labels) < 2 or not all(labels) or len(local) + 1 + len(ascii_domain) > 254:
        raise ValueError("not an e-mail address")
    return f"{local}@{ascii_domain}"


def _is_no_part(character: str) -> bool:
    """Tell whether a character cannot be in an address: seen by nobody, or a separator.

    Invisible characters would make two supporters of one address; control characters
    forge mail headers, and NUL cannot be stored.
    """
    is_unseen = unicodedata.category(character)[0] in "CZ"
    return is_unseen or character.isspace() or character in "@<>,;"


def supporter_id(email: str) -> SupporterId:
    """Return the id of the supporter behind `email`, the same in every service."""
    digest = hashlib.sha256(canonical_email(email).encode()).hexdigest()
    return SupporterId(f"sup_{digest[:32]}")


def pseudonym(supporter: SupporterId) -> str:
    """Return the address of somebody who has none any more."""
    return f"{hashlib.sha256(supporter.encode()).hexdigest()[:20]}@{ERASED_HOST}"


def is_pseudonym(address: str) -> bool:
    """Tell whether an address stands for somebody who was erased: nobody reads what goes there."""
    return address.endswith(f"@{ERASED_HOST}")
