"""Every route of the dashboard for every kind of visitor: exactly this status.

The rows come from the table; a route that is not in it, or not named here, fails.
"""

import ast
import re

import httpx
import pytest

from contracts.routes import ROUTES as PUBLIC
from services.site.admin.table import ROUTES, AdminRoute
from services.site.public.language import LANGUAGES, Language, prefix
from tests.site.admins import Visitor, browser, expire, signed_in
from tests.site.running import RunningSite
from tests.tidy.source import python_files

# What a super gets who sends an empty form, or asks about what there is none of.
ANSWERS = {
    "sign_in": 200,
    "sign_in.ask": 400,
    "sign_in.use": 401,
    "sign_out": 303,
    "summary": 200,
    # What stands behind us answers nothing that can be read: 503 means that it was asked.
    "campaigns": 200,
    "campaigns.create": 400,
    "campaigns.one": 200,
    "campaigns.edit": 404,
    "campaigns.save": 404,
    "campaigns.autosave": 404,
    "campaigns.show": 200,
    "campaigns.publish": 404,
    "campaigns.preview": 200,
    "campaigns.take_back": 404,
    "campaigns.stock": 200,
    "campaigns.restock": 400,
    "campaigns.give_up": 404,
    "campaigns.keep": 404,
    "campaigns.archive": 400,
    "campaigns.text": 404,
    "campaigns.restore": 404,
    "campaigns.aside": 404,
    "campaigns.settle": 404,
    "settlement": 503,
    "settlement.one": 503,
    "settlement.plan": 503,
    "settlement.dispatch": 503,
    "settlement.refund": 503,
    "settlement.refund_all": 503,
    "settlement.pause": 503,
    "settlement.resume": 503,
    "analytics": 503,
    "analytics.csv": 503,
    "analytics.one": 503,
    "analytics.one.csv": 503,
    "analytics.fees": 503,
    "marketing": 200,
    # Links can be made while the ledger is away.
    "marketing.one": 200,
    "marketing.make": 400,
    "marketing.embed": 200,
    "marketing.code": 404,
    "marketing.change": 404,
    "marketing.retire": 404,
    "marketing.qr": 404,
    "blast": 200,
    # One can write on while notify is away.
    "blast.one": 200,
    "blast.save": 400,
    "blast.check": 400,
    "blast.letter": 503,
    "blast.test": 400,
    "blast.send": 400,
    "blast.sent": 503,
    "reports": 200,
    "reports.one": 503,
    "reports.csv": 200,
    "supporters": 503,
    "supporters.csv": 503,
    "supporters.list": 503,
    "supporters.one": 503,
    "supporters.links": 503,
    "supporters.refund": 503,
    "media": 200,
    "media.list": 200,
    "media.one": 404,
    "media.pick": 200,
    "media.upload": 400,
    "media.describe": 404,
    "media.remove": 404,
    # Whoever is away is said to be: the others are shown.
    "operations": 200,
    "operations.reconcile": 503,
    "operations.parked": 200,
    "operations.event": 404,
    "operations.retry": 404,
    "operations.fix": 404,
    "operations.give_up": 404,
    "operations.mails": 503,
    "operations.resend": 503,
    "operations.projections": 503,
    "operations.rebuild": 503,
    "operations.recount": 503,
    "settings": 200,
    "settings.section": 404,
    "settings.save": 404,
    "settings.settle": 404,
    "settings.preview": 200,
    "settings.theme": 200,
    "users": 200,
    "users.invite": 400,
    "users.change": 404,
    "users.remove": 404,
    "sessions": 200,
    "sessions.revoke": 404,
    "audit": 200,
    "audit.csv": 200,
}
SCRIPTS = {
    "/admin/rebuild",
    "/admin/campaigns/{slug}/cancel",
    "/admin/campaigns/{slug:str}/cancel",
    "/admin/invitations",
}
SERVE = {"get", "post", "put", "patch", "delete", "route", "asgi", "websocket", "Route"}
ADMIN_PATH = re.compile(r"(/es)?/admin/[a-z].*")


def address(row: AdminRoute, slug: str = "long-take") -> str:
    return row.path.replace("{slug}", slug).replace("{key}", "nothing-of-ours")


async def ask(visitor: Visitor, row: AdminRoute, path: str, csrf: str = "") -> httpx.Response:
    if row.method == "GET":
        return await visitor.get(path)
    files = {"file": ("", b"")} if row.takes_file else None
    return await visitor.http.post(path, data={"csrf": csrf or visitor.csrf}, files=files)


def test_every_row_has_its_answer() -> None:
    assert set(ANSWERS) == {row.name for row in ROUTES}


def test_no_other_module_serves_a_path_of_the_dashboard() -> None:
    found = {
        node.value
        for source in python_files("services/site")
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) in SERVE
        for node in ast.walk(call)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and ADMIN_PATH.fullmatch(node.value)
    }

    assert found - {route.path for route in PUBLIC} == SCRIPTS


def test_no_row_is_an_address_of_another() -> None:
    keys = [(row.method, row.path) for row in ROUTES]
    taken = {(route.method, route.path) for route in PUBLIC}

    assert len(keys) == len(set(keys))
    assert not taken.intersection(keys)


async def statuses(
    visitor: Visitor, *, language: Language = "en", slug: str = "long-take", csrf: str = ""
) -> dict[str, int]:
    """What each route answers this visitor; signing out comes last."""
    found = {}
    for row in sorted(ROUTES, key=lambda row: row.name == "sign_out"):
        answer = await ask(visitor, row, prefix(language) + address(row, slug), csrf)
        assert answer.headers["cache-control"] == "private, no-store"
        found[row.name] = answer.status_code
    return found


def expected(**by_needs: int) -> dict[str, int]:
    """What each route should answer, where its needs don't say it as a super is answered."""
    return {row.name: by_needs.get(row.needs, ANSWERS[row.name]) for row in ROUTES}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_nobody_gets_further_than_the_door(one_film: RunningSite, language: Language) -> None:
    found = await statuses(browser(one_film), language=language)

    assert found == expected(somebody=401, campaign=401, super=401)


async def test_the_operators_secret_opens_no_screen(one_film: RunningSite) -> None:
    script = browser(one_film)
    script.http.headers.update(one_film.admin)

    assert await statuses(script) == expected(somebody=401, campaign=401, super=401)


async def test_an_expired_session_is_nobody(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "expired@pool.example")
    await expire(one_film, "expired@pool.example")

    assert await statuses(visitor) == expected(somebody=401, campaign=401, super=401)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_super_may_use_everything(one_film: RunningSite, language: Language) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")

    assert await statuses(visitor, language=language) == expected()


async def test_a_campaign_user_may_use_what_is_theirs(one_film: RunningSite) -> None:
    rights = {"role": "campaign", "campaigns": ["long-take"]}
    for slug, status in (("long-take", {}), ("another-film", {"campaign": 403})):
        visitor = await signed_in(one_film, "theirs@pool.example", **rights)

        assert await statuses(visitor, slug=slug) == expected(super=403, **status)


@pytest.mark.parametrize("wrong", ["x", "A" * 43])
async def test_a_form_of_another_session_does_nothing(one_film: RunningSite, wrong: str) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")

    found = await statuses(visitor, csrf=wrong)

    for row in ROUTES:
        is_refused = row.method == "POST" and row.needs != "nobody"
        assert found[row.name] == (403 if is_refused else ANSWERS[row.name]), row.name
    assert (await visitor.get("/admin/")).status_code == 200


@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
async def test_a_form_of_another_site_does_nothing(
    one_film: RunningSite, foreign: dict[str, str]
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    visitor.http.headers.update(foreign)

    found = await statuses(visitor)

    for row in ROUTES:
        assert found[row.name] == (403 if row.method == "POST" else ANSWERS[row.name]), row.name
    assert (await visitor.get("/admin/")).status_code == 200
