"""People who open the dashboard: invited, signed in, with the cookies and forms of a browser."""

import html
import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
import httpx
import msgspec

from contracts.events.admin import PreviewShared, RunnerChanged, SignInAsked
from contracts.events.base import Event
from contracts.subjects import tag
from tests.site.running import RunningSite

T = TypeVar("T", bound=Event)

CSRF = re.compile(r'name="csrf" value="([A-Za-z0-9_-]{43})"')
MARK = re.compile(r'name="(revision|base)" value="(\d+)"')


@dataclass
class Visitor:
    """A browser at the dashboard."""

    http: httpx.AsyncClient = field(repr=False)
    csrf: str = ""
    email: str = ""

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, **form: Any) -> httpx.Response:
        return await self.http.post(path, data={"csrf": self.csrf, **form})


def fields_in(page: str) -> dict[str, str]:
    """What a browser would send of a page's editor, as far as these tests change it."""
    found = dict(MARK.findall(page))
    for written in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]*)"', written), re.search(r'value="([^"]*)"', written)
        is_off = 'type="checkbox"' in written and " checked" not in written
        if name and not is_off and name[1] not in ("csrf", "message"):
            found[html.unescape(name[1])] = html.unescape(value[1]) if value else ""
    for name, value in re.findall(
        r'<textarea [^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', page, re.S
    ):
        found[html.unescape(name)] = html.unescape(value)
    choices = r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>'
    for name, options in re.findall(choices, page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        first = re.search(r'value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else (first[1] if first else "")
    return found


async def invite(site: RunningSite, email: str, **rights: Any) -> httpx.Response:
    return await site.http.post(
        "/admin/invitations", json={"email": email, **rights}, headers=site.admin
    )


async def links(site: RunningSite, email: str) -> list[SignInAsked]:
    """Every link that somebody was sent, oldest first."""
    return [each for each in await _told(site, SignInAsked) if each.email == email]


async def runners(site: RunningSite) -> list[RunnerChanged]:
    """Everything that was told of who runs which campaign, oldest first."""
    return await _told(site, RunnerChanged)


async def previews(site: RunningSite) -> list[PreviewShared]:
    """Every link to a working copy that a reviewer was sent, oldest first."""
    return await _told(site, PreviewShared)


async def _told(site: RunningSite, shape: type[T]) -> list[T]:
    connection = await asyncpg.connect(site.database.owner_url)
    rows = await connection.fetch(
        """
        SELECT payload
        FROM site.outbox
        WHERE event_type = $1
        ORDER BY outbox_id
        """,
        tag(shape),
    )
    await connection.close()
    return [msgspec.json.decode(row["payload"], type=shape) for row in rows]


def browser(site: RunningSite) -> Visitor:
    # No connection outlives its answer: a browser of a test is closed by nobody.
    limits = httpx.Limits(max_keepalive_connections=0)
    origin = {"Origin": site.url}
    client = httpx.AsyncClient(base_url=site.url, headers=origin, timeout=10, limits=limits)
    return Visitor(client)


async def signed_in(site: RunningSite, email: str, **rights: Any) -> Visitor:
    """Somebody invited, who used the link of the mail."""
    (await invite(site, email, **rights)).raise_for_status()
    visitor = browser(site)
    visitor.email = email
    token = (await links(site, email))[-1].token
    answer = await visitor.http.post("/admin/sign-in", data={"t": token})
    assert answer.status_code == 303, answer.text
    page = await visitor.get("/admin/")
    assert page.status_code == 200, page.text
    found = CSRF.search(page.text)
    assert found
    visitor.csrf = found[1]
    return visitor


async def expire(site: RunningSite, email: str) -> None:
    """End somebody's sessions by time."""
    connection = await asyncpg.connect(site.database.owner_url)
    await connection.execute(
        """
        UPDATE site.admin_sessions
        SET expires_at = clock_timestamp()
        FROM site.admin_users
        WHERE admin_users.user_id = admin_sessions.user_id AND email = $1
        """,
        email,
    )
    await connection.close()


async def keeping_settings(site: RunningSite, text: str) -> Visitor:
    """Publish a `platform.yml`, and return a super admin who looks at it."""
    (site.content / "platform.yml").write_text(text)
    await site.publish()
    return await signed_in(site, "ada@pool.example")
