"""Who may ask: our own pages, the operator, and nobody who fails too often."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from contracts.routes import ROUTES, Route
from tests.site.running import Behind, RunningSite, path_of, running_site
from tests.support.stack import Database, Servers

Shared = tuple[RunningSite, Behind]


@pytest.fixture
def site(shared: Shared) -> RunningSite:
    return shared[0]


@pytest.fixture
def services(shared: Shared) -> Behind:
    shared[1].forget()
    return shared[1]


@pytest.fixture
async def guarded(
    servers: Servers, database: Database, content: Path, services: Behind
) -> AsyncIterator[RunningSite]:
    """A site whose limits are those of production."""
    async with running_site(servers, database, content, services) as running:
        yield running


PLEDGE = "/pledge"


BROWSER = [route.path for route in ROUTES if route.access == "browser"]


@pytest.mark.parametrize("path", BROWSER)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"origin": "SITE"}, 200, id="our origin"),
        pytest.param({"referer": "SITE/campaigns/x/?t=1"}, 200, id="our referer"),
        pytest.param({"origin": "SITE", "sec-fetch-site": "same-origin"}, 200, id="same origin"),
        pytest.param({}, 403, id="neither"),
        pytest.param({"origin": "https://evil.example"}, 403, id="foreign"),
        pytest.param({"origin": "null"}, 403, id="null"),
        pytest.param({"origin": "null", "referer": "SITE/"}, 403, id="null beats referer"),
        pytest.param({"origin": "SITE.evil.example"}, 403, id="our name as a prefix"),
        pytest.param({"origin": "SITE", "sec-fetch-site": "cross-site"}, 403, id="cross site"),
        pytest.param({"origin": "SITE", "sec-fetch-site": "same-site"}, 403, id="same site"),
        pytest.param({"referer": "https://evil.example/?SITE/"}, 403, id="in a query"),
    ],
)
async def test_browser_routes_are_for_our_own_pages(
    site: RunningSite, services: Behind, path: str, headers: dict[str, str], status: int
) -> None:
    given = {name: value.replace("SITE", site.url) for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=site.url) as stranger:
        answer = await stranger.post(path, json={}, headers=given)

    assert answer.status_code == status
    assert len(services.heard) == (status == 200)
    if status == 403:
        assert answer.json()["error"] == "foreign_origin"


ADMIN = [route for route in ROUTES if route.access == "admin"]


@pytest.mark.parametrize("route", ADMIN, ids=lambda route: route.path)
@pytest.mark.parametrize(
    "authorization", [None, "Bearer wrong", "Bearer", "Basic SECRET", "SECRET", "Bearer SECRETx"]
)
async def test_operators_routes_are_for_operators(
    site: RunningSite, services: Behind, route: Route, authorization: str | None
) -> None:
    given = (
        {"authorization": authorization.replace("SECRET", site.admin_secret)}
        if (authorization)
        else {}
    )

    answer = await site.http.request(
        route.method,
        path_of(route.path),
        headers=given,
    )

    assert answer.status_code == 401
    assert services.heard == []


async def test_failures_are_limited_and_successes_are_not(
    guarded: RunningSite, services: Behind
) -> None:
    for _ in range(60):
        assert (await guarded.http.post("/pledge/cancel", json={})).status_code == 200
    services.status = 400

    statuses = [(await guarded.http.post("/pledge/cancel", json={})).status_code for _ in range(32)]

    assert statuses[:30] == [400] * 30
    assert statuses[-1] == 429


async def test_a_guessed_secret_is_soon_refused_unseen(
    guarded: RunningSite, services: Behind
) -> None:
    wrong = {"authorization": "Bearer wrong"}
    statuses = [
        (await guarded.http.post("/admin/rebuild", json={}, headers=wrong)).status_code
        for _ in range(7)
    ]

    last = await guarded.http.post("/admin/rebuild", json={}, headers=guarded.admin)

    assert statuses[:5] == [401] * 5
    assert statuses[-1] == last.status_code == 429
    assert int(last.headers["retry-after"]) > 0
    assert services.heard == []
