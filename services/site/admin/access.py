"""Who may do what in the dashboard: users, roles, sessions and their secrets. Pure."""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from contracts.ids import canonical_email
from contracts.refusals import InputRefused, NotYours, StateRefused

Role = Literal["super", "campaign"]
Needs = Literal["nobody", "somebody", "campaign", "super"]
"""Who may use a route: anybody, whoever is signed in, who has its campaign, supers alone."""

SIGN_IN_LIFE = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=8)
SIGN_INS_PER_LIFE = 3
"""Links that one network is sent for one person; a stranger elsewhere has a share of their own."""

SIGN_INS_IN_ALL = 12
"""Links that one person is sent by all networks: nobody's mailbox is filled by us."""

USERS_MAX = 100
SECRET_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits, as text."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may open the dashboard; a campaign user sees only `campaigns`."""

    user_id: str
    email: str
    role: Role
    campaigns: tuple[str, ...] = ()
    language: str = "en"

    @property
    def is_super(self) -> bool:
        """Tell whether everything is theirs."""
        return self.role == "super"

    def has(self, slug: str) -> bool:
        """Tell whether a campaign is theirs."""
        return self.is_super or slug in self.campaigns


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that is signed in, and who it is now: read anew at every request."""

    session_id: str
    expires_at: datetime
    user: User


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a browser that signs in."""

    device: str
    network: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a user is to be."""

    email: str
    role: Role
    campaigns: tuple[str, ...]


def is_secret(text: str) -> bool:
    """Tell whether a text can be a secret of ours at all."""
    return SECRET_PATTERN.fullmatch(text) is not None


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_of(session_secret: str) -> str:
    """Return what a form of this session must carry: bound to its secret, telling nothing of it."""
    made = hmac.digest(session_secret.encode(), b"csrf", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def is_csrf(given: str, session_secret: str) -> bool:
    """Tell whether a form comes from a page of this session, in the same time for any."""
    return hmac.compare_digest(given.encode(), csrf_of(session_secret).encode())


def may(user: User, needs: Needs, slug: str) -> bool:
    """Tell whether a user may use a route that has these needs, about this campaign."""
    if needs == "super":
        return user.is_super
    return needs != "campaign" or user.has(slug)


def require_rights(session: Session | None, needs: Needs, slug: str) -> None:
    """Refuse somebody signed in who may not use a route."""
    if session is not None and not may(session.user, needs, slug):
        raise NotYours("not_allowed", "You don't have the rights for this.")


def wanted_user(
    email: str, role: str, campaigns: Collection[str], known: Collection[str]
) -> Wanted:
    """Return what a user is to be. Raises `InputRefused` naming the field."""
    try:
        canonical = canonical_email(email)
    except ValueError as exc:
        raise _wrong("email", "Write one email address.") from exc
    if role not in ("super", "campaign"):
        raise _wrong("role", "Choose a role.")
    if role == "super":
        return Wanted(email=canonical, role="super", campaigns=())
    chosen = tuple(sorted(set(campaigns)))
    if not chosen:
        raise _wrong("campaigns", "Choose at least one campaign.")
    if not set(chosen) <= set(known):
        raise _wrong("campaigns", "There is no such campaign.")
    return Wanted(email=canonical, role="campaign", campaigns=chosen)


def require_others(
    users: Collection[User], changed: User, actor_id: str, becomes: Role | None
) -> None:
    """Refuse to take away one's own rights, or the last super's. None removes the user."""
    if becomes == "super":
        return
    if changed.user_id == actor_id:
        raise StateRefused("own_rights", "You can’t take away your own rights.")
    left = [each for each in users if each.is_super and each.user_id != changed.user_id]
    if not left:
        raise StateRefused("last_super", "Somebody has to be able to do everything.")


def fingerprint(address: str, key: bytes) -> str:
    """Return 16 characters that are the same for one network, and tell nobody which."""
    return hmac.digest(key, address.encode(), "sha256").hex()[:16]


BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS X", "macOS"), ("Linux", "Linux")),
)


def device(user_agent: str) -> str:
    """Return “Firefox, Linux”: enough to know one's own, and no more.

    >>> device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox, Linux'
    """
    named = [
        next((name for sign, name in known if sign in user_agent), "")
        for known in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(each for each in named if each)


def _wrong(field: str, message: str) -> InputRefused:
    return InputRefused("invalid_input", message, fields={field: message})
