"""Signing in and out. GET changes nothing, so that a scanner may follow the link."""

import asyncio
import time

from litestar.response.base import ASGIResponse

from services.chassis.storage.database import transaction
from services.site.admin import access
from services.site.admin.access import wanted_user
from services.site.admin.handlers import sign_in
from services.site.desks.dashboard import BROWSER_COOKIE, SESSION_COOKIE, Visit, Work, require_calm

LINK = "t"
ANSWER_SECONDS = 0.25
"""Nobody is answered sooner: how long it took would tell who may come in."""


async def show(visit: Visit) -> ASGIResponse:
    """Show the form that asks for a link; with a link, the one button that uses it."""
    token = visit.request.query_params.get(LINK, "") if visit.row.method == "GET" else ""
    is_link = access.is_secret(token) and visit.trouble is None
    return visit.page("sign_in", token=token if is_link else "", email="", is_sent=False)


async def ask(visit: Visit) -> ASGIResponse:
    """Have a link sent to whoever may come in, and tell nobody whether that is so."""
    await require_calm(visit)
    wanted = wanted_user(visit.one("email"), "super", (), ())
    browser = visit.cookie(BROWSER_COOKIE) or sign_in.new_secret()
    until = time.monotonic() + ANSWER_SECONDS
    async with transaction(visit.dash.pool) as conn:
        await sign_in.ask_link(
            conn, wanted.email, visit.language, browser, network=visit.seen.network
        )
    await asyncio.sleep(until - time.monotonic())
    life = int(access.SIGN_IN_LIFE.total_seconds())
    kept = visit.dash.cookie(BROWSER_COOKIE, browser, life)
    return visit.page("sign_in", cookies=(kept,), token="", email=wanted.email, is_sent=True)


async def use(visit: Visit) -> ASGIResponse:
    """Spend the link, and sign this browser in."""
    async with transaction(visit.dash.pool) as conn:
        secret = await sign_in.sign_in(
            conn,
            visit.one(LINK),
            visit.cookie(BROWSER_COOKIE),
            visit.seen,
            old_session=visit.cookie(SESSION_COOKIE),
        )
    life = int(access.SESSION_LIFE.total_seconds())
    cookies = (
        visit.dash.cookie(SESSION_COOKIE, secret, life),
        visit.dash.cookie(BROWSER_COOKIE, "", 0),
    )
    return visit.go("", cookies=cookies)


async def leave(visit: Visit) -> ASGIResponse:
    """End the session, here and for good."""
    assert visit.session is not None
    async with transaction(visit.dash.pool) as conn:
        await sign_in.sign_out(conn, visit.session.session_id, visit.user)
    gone = visit.dash.cookie(SESSION_COOKIE, "", 0)
    return visit.go("sign-in/", done="signed-out", cookies=(gone,))


WORKS: dict[str, Work] = {
    "sign_in": show,
    "sign_in.ask": ask,
    "sign_in.use": use,
    "sign_out": leave,
}
