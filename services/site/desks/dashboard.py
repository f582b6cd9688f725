"""The dashboard's one door: who is asking, whether they may, and how the answer is dressed.

Every route passes here, in the order of its table: origin, session, the form's own value,
role, campaign. What a screen or a form does is its own; a refusal becomes a screen.
"""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse

from contracts.ids import is_slug
from contracts.live import LiveSnapshot
from contracts.refusals import InputRefused, LinkRefused, NotFound, NotYours, Refusal, TooMany
from services.chassis.storage.database import Pool, refused_when_busy, transaction
from services.chassis.web.addresses import limited_as
from services.site.admin import access
from services.site.admin.access import Seen, Session, User
from services.site.admin.queries import access as queries
from services.site.admin.render import Shell, render_admin
from services.site.admin.table import TEXT_MAX, AdminRoute
from services.site.admin.words import done_message, trouble_of
from services.site.asking.asker import Caller
from services.site.desks.foundation import Dashboard
from services.site.door.admission import RETRY_SECONDS
from services.site.door.forms import Pairs, read_pairs
from services.site.door.headers import as_head
from services.site.door.uploads import Received, receive
from services.site.public.language import Language, prefix

SESSION_COOKIE, BROWSER_COOKIE = "pool_admin_session", "pool_admin_browser"
CSRF_HEADER, CSRF_FIELD = "x-pool-admin-csrf", "csrf"
KEY = re.compile(r"[A-Za-z0-9_-]{1,300}")
AGENT_MAX = 1_000
ASKS_PER_MINUTE = 5
SHOWN_AGAIN = (400, 401, 404, 409, 413, 415, 429, 503, 504, 507)


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """One request of somebody to the dashboard."""

    dash: Dashboard
    row: AdminRoute
    language: Language
    request: Request[Any, Any, Any]
    address: str
    session_secret: str = ""
    session: Session | None = None
    pairs: Pairs = ()
    received: Received | None = None
    # Files that nobody needs once this is answered.
    scrap: list[Path] = msgspec.field(default_factory=list)
    trouble: Refusal | None = None

    @property
    def user(self) -> User:
        """Return who is signed in: the door let nobody else in."""
        assert self.session is not None, "a screen for somebody was opened by nobody"
        return self.session.user

    @property
    def slug(self) -> str:
        """Return the campaign this is about; empty when it is about none."""
        return str(self.request.path_params.get("slug", ""))

    @property
    def key(self) -> str:
        """Return the thing this is about."""
        return str(self.request.path_params.get("key", ""))

    @property
    def caller(self) -> Caller:
        """Return who is asking, as the services behind us are told."""
        return Caller(address=self.address, headers=self.request.headers)

    @property
    def campaigns(self) -> list[LiveSnapshot]:
        """Return how the campaigns stand that are this user's."""
        return [each for each in self.dash.snapshots() if self.user.has(each.campaign.slug)]

    def one(self, name: str) -> str:
        """Return a field of the form, stripped; empty when it is not there."""
        return next((value.strip() for field, value in self.pairs if field == name), "")

    def many(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return tuple(value.strip() for field, value in self.pairs if field == name)

    @property
    def asked(self) -> dict[str, str]:
        """Return the address's own question: everything after the `?`."""
        found = {name: str(value) for name, value in self.request.query_params.items()}
        _require_clean(tuple(found.items()))
        return found

    def cookie(self, name: str) -> str:
        """Return a secret that the browser keeps for us; empty when it is none of ours."""
        value = self.request.cookies.get(self.dash.cookie_name(name), "")
        return value if access.is_secret(value) else ""

    @property
    def seen(self) -> Seen:
        """Return what is kept of this browser."""
        network = access.fingerprint(limited_as(self.address), self.dash.network_key)
        device = access.device(self.request.headers.get("user-agent", "")[:AGENT_MAX])
        return Seen(device=device, network=network)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        cookies: tuple[Cookie, ...] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
        **shown: object,
    ) -> ASGIResponse:
        """Return a screen; with what was refused on it, when something was."""
        path = self.row.path if self.row.method == "GET" else ""
        shell = Shell(
            language=self.language,
            path=_written(path or "/admin", self.request.path_params),
            tab=(self.row.page or self.row.name).partition(".")[0],
            user=self.session.user if self.session else None,
            csrf=access.csrf_of(self.session_secret) if self.session else "",
            done=done_message(self.request.query_params.get("done", ""), self.language),
            trouble=trouble_of(self.trouble, self.language) if self.trouble else None,
        )
        body = render_admin(template, shell, self.dash.frame(), **shown)
        return self.file(
            body,
            media_type="text/html",
            status=self.trouble.status if self.trouble else status,
            cookies=cookies,
            headers={**self._waiting(), **headers},
        )

    def file(
        self,
        body: bytes,
        *,
        media_type: str,
        status: int = 200,
        cookies: tuple[Cookie, ...] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> ASGIResponse:
        """Return bytes that nobody keeps and no search engine lists."""
        is_head = self.request.method == "HEAD"
        return ASGIResponse(
            body=b"" if is_head else body,
            is_head_response=is_head,
            status_code=status,
            media_type=media_type,
            cookies=cookies,
            headers={
                "cache-control": "private, no-store",
                "x-robots-tag": "noindex, nofollow",
                # Our own forms need an origin; nobody else learns where somebody was.
                "referrer-policy": "same-origin",
                "content-security-policy": self.dash.policy.page(pays=False),
                **headers,
                **(as_head(media_type, body) if is_head else {}),
            },
        )

    def go(
        self, path: str, *, done: str = "", at: str = "", cookies: tuple[Cookie, ...] = ()
    ) -> ASGIResponse:
        """Send the browser to another screen of ours, which says what was done, and where."""
        query = (f"?done={done}" if done else "") + (f"#{at}" if at else "")
        return ASGIResponse(
            status_code=303,
            cookies=cookies,
            headers={
                "location": f"{prefix(self.language)}/admin/{path}{query}",
                "cache-control": "private, no-store",
            },
        )

    def _waiting(self) -> dict[str, str]:
        if isinstance(self.trouble, TooMany):
            return {"retry-after": str(self.trouble.retry_after_seconds)}
        return {"retry-after": "5"} if self.trouble and self.trouble.status == 503 else {}


Work = Callable[[Visit], Awaitable[ASGIResponse]]


async def serve(visit: Visit, works: Mapping[str, Work]) -> ASGIResponse:
    """Let somebody in, do what the route is for, and answer with a screen whatever comes."""
    try:
        with refused_when_busy():
            visit = await _enter(visit)
            return await works[visit.row.name](visit)
    except Refusal as refusal:
        route = visit.row.admitted(prefix(visit.language))
        try:
            await visit.dash.admission.note(route, visit.address, refusal.status)
        except TooMany as spent:
            refusal = spent
        return await _again(msgspec.structs.replace(visit, trouble=refusal), works)
    finally:
        for part in visit.scrap:
            part.unlink(missing_ok=True)


async def require_calm(visit: Visit) -> None:
    """Refuse somebody who asks for links all the time, whether they get any or not."""
    key = f"sign-in:{limited_as(visit.address)}"
    if not await visit.dash.limiter.spend(key, ASKS_PER_MINUTE):
        said = "Too many tries. Wait."
        raise TooMany("too_many_requests", said, retry_after_seconds=RETRY_SECONDS)


async def _enter(visit: Visit) -> Visit:
    """Return the visit of somebody who may use its route; raise what says no."""
    row, request = visit.row, visit.request
    route = row.admitted(prefix(visit.language))
    await visit.dash.admission.require(route, request.headers, visit.address)
    for name, value in request.path_params.items():
        if not (is_slug(value) if name == "slug" else KEY.fullmatch(value)):
            raise NotFound("not_found", "There is nothing here.")
    secret = visit.cookie(SESSION_COOKIE)
    session = await _session(visit.dash.pool, secret) if secret else None
    visit = msgspec.structs.replace(visit, session=session, session_secret=secret)
    if row.needs != "nobody" and session is None:
        raise LinkRefused("no_session", "Sign in first.")
    if row.method == "POST":
        visit = await (_received(visit) if row.takes_file else _filled_in(visit))
        if row.needs != "nobody":
            given = request.headers.get(CSRF_HEADER) or visit.one(CSRF_FIELD)
            if not access.is_csrf(given, secret):
                raise NotYours("csrf", "This form is not of this session.")
        _require_clean(visit.pairs, row.text_max)
    access.require_rights(visit.session, row.needs, visit.slug)
    return visit


async def _filled_in(visit: Visit) -> Visit:
    return msgspec.structs.replace(
        visit, pairs=await read_pairs(visit.request, is_long=visit.row.is_long)
    )


async def _received(visit: Visit) -> Visit:
    """Return the visit with a form whose file is on the disk, for as long as it lasts.

    It may take many minutes: who it is from, and what they may do, is read anew after it.
    """
    assert visit.session is not None, "a file is taken from nobody"
    access.require_rights(visit.session, visit.row.needs, visit.slug)
    part = await visit.dash.part_for(visit.session.session_id)
    visit.scrap.append(part)
    received = await receive(visit.request, part)
    session = await _session(visit.dash.pool, visit.session_secret)
    if session is None:
        raise LinkRefused("no_session", "Sign in first.")
    return msgspec.structs.replace(visit, pairs=received.pairs, received=received, session=session)


async def _session(pool: Pool, secret: str) -> Session | None:
    async with transaction(pool) as conn:
        return await queries.find_session(conn, access.digest(secret))


async def _again(visit: Visit, works: Mapping[str, Work]) -> ASGIResponse:
    """Show the screen that a refused form stands on; or say no on a screen of its own."""
    assert visit.trouble is not None
    if visit.trouble.status == 401 or visit.row.needs == "nobody":
        return await works["sign_in"](visit)
    can_show = visit.session is not None and visit.trouble.status in SHOWN_AGAIN
    if visit.row.page and can_show:
        try:
            with refused_when_busy():
                return await works[visit.row.page](visit)
        except Refusal as worse:
            visit = msgspec.structs.replace(visit, trouble=worse)
    return visit.page("refused")


def _require_clean(pairs: Pairs, text_max: int = TEXT_MAX) -> None:
    """Refuse what nobody types: control characters forge log lines, NUL cannot be stored."""
    for name, value in pairs:
        is_odd = any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\r\n\t" for c in value)
        if len(value) > text_max or is_odd:
            raise InputRefused(
                "invalid_input", "This is too long.", fields={name: "This is too long."}
            )


def _written(path: str, parameters: Mapping[str, Any]) -> str:
    for name, value in parameters.items():
        path = path.replace(f"{{{name}}}", str(value))
    return f"{path}/"
