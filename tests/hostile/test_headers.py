"""Every answer of every route: the security headers, the policy, and nothing that runs inline."""

import re
import struct
import zlib

import httpx
import pytest

from contracts.routes import ROUTES
from tests.hostile.markup import Page
from tests.hostile.stage import Stage
from tests.support.platform import eventually

pytestmark = pytest.mark.stack

HTML = {"Accept": "text/html"}
FIXED = {
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), "
    'payment=(self "https://js.stripe.com")',
}
NEVER = ("server", "x-powered-by", "x-xss-protection", "set-cookie", "access-control-allow-origin")
LOOSE = re.compile(r"unsafe-|(?:^|[ ;])(?:\*|https?:|data:text)(?:[ ;]|$)")
# The manage page takes another card, and lets a bank ask its customer.
PAYING = ("/", "/cart/", "/campaigns/$SLUG/", "/manage/")
LINKED = ("/manage/", "/campaigns/$SLUG/pledge-success/", "/campaigns/$SLUG/pledge-cancel/")
PAGES = tuple(
    language + path
    for path in dict.fromkeys((*PAYING, *LINKED, "/about/", "/terms/", "/privacy/"))
    for language in ("", "/es")
)
OTHERS = (
    *(
        "/robots.txt",
        "/sitemap.xml",
        "/api/campaigns.json",
        "/api/add-ons.json",
        "/static/x/css/site.css",
    ),
    *("/live/$SLUG", "/media/canary.png", "/media/no-such.png", "/static/x/no-such.css"),
    *("/about", "/es/about", "/campaigns/$SLUG", "/nothing/here", "/es/nada", "/schema"),
    *("/campaigns/no-such-film/", "/live/no-such-film", "/%2e%2e/x", "/admin/", "/livez"),
)


@pytest.fixture(scope="module")
def http(stage: Stage) -> httpx.Client:
    """A visitor who follows no redirect, on a site with one picture."""
    media = stage.stack.campaigns_dir / "media"
    media.mkdir(exist_ok=True)
    (media / "canary.png").write_bytes(_dot())
    return stage.platform.http


def _dot() -> bytes:
    """Return a picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x00")
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _policy(answer: httpx.Response) -> dict[str, list[str]]:
    rules = (rule.split() for rule in answer.headers["content-security-policy"].split(";"))
    return {name: sources for name, *sources in rules}


def _check(answer: httpx.Response, *, referrer: str = "strict-origin-when-cross-origin") -> None:
    """Assert what holds for every answer there is."""
    headers = answer.headers
    for name, value in FIXED.items():
        assert headers.get_list(name) == [value], (answer.request.url, name, headers)
    assert not [name for name in NEVER if name in headers], headers
    assert headers.get_list("referrer-policy") == [referrer]
    assert headers["cross-origin-opener-policy"] in ("same-origin", "same-origin-allow-popups")
    is_media = answer.request.url.path.startswith("/media/") and answer.status_code == 200
    resources = "cross-origin" if is_media else "same-origin"
    assert headers["cross-origin-resource-policy"] == resources
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", headers["x-request-id"])
    assert len(headers.get_list("content-security-policy")) == 1
    policy = _policy(answer)
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert not LOOSE.search(headers["content-security-policy"]), headers
    if answer.status_code >= 400:
        assert headers["cache-control"] == "private, no-store"


def _referrer(path: str, method: str, answer: httpx.Response) -> str:
    """Return who may hear which page one came from."""
    is_shown = method in ("GET", "HEAD")
    if path == "/admin/" and is_shown:
        return "same-origin"
    if path in LINKED and is_shown and answer.is_success:
        return "no-referrer"
    return "strict-origin-when-cross-origin"


@pytest.mark.parametrize("path", [*PAGES, *OTHERS])
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_every_answer_carries_them(
    stage: Stage, http: httpx.Client, method: str, path: str, accept: str
) -> None:
    answer = http.request(method, stage.filled(path, {}), headers={"Accept": accept})

    _check(answer, referrer=_referrer(path.removeprefix("/es"), method, answer))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("who", ["nobody", "operator"])
def test_every_route_of_the_table_carries_them(
    stage: Stage, http: httpx.Client, route: object, who: str
) -> None:
    method, path = route.method, route.path  # type: ignore[attr-defined]
    path = path.replace("{slug}", stage.names["SLUG"]).replace("{order_id}", stage.names["ORDER"])
    path = path.replace("{dispute_id}", "du_1").replace("{broadcast_id}", "bc-1")
    headers = stage.platform.admin if who == "operator" else {}
    # Nothing may be recalculated or dispatched in passing: the body is no JSON object.
    content = b"[]" if method == "POST" else None

    answer = http.request(
        method, path, content=content, headers={**headers, "Content-Type": "application/json"}
    )

    _check(answer)
    assert answer.headers["cache-control"] in ("private, no-store", "no-cache")
    assert answer.headers["content-type"].startswith("application/json")


def test_answers_about_people_are_kept_by_nobody(stage: Stage, http: httpx.Client) -> None:
    token, order = stage.names["TOKEN"], stage.names["ORDER"]
    answers = [
        http.get("/pledge", params={"token": token}),
        http.get("/pledges", params={"token": token}),
        http.get(f"/checkout-intent/status/{order}"),
        http.get("/checkout-intent/summary", params={"orderId": order}),
        http.post("/quote", json={"items": [{"id": f"{stage.names['SLUG']}__frame"}]}),
        http.get("/admin/cron/status", headers=stage.platform.admin),
        http.get("/pledge"),
        http.get("/manage/", params={"t": token}),
    ]

    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-store"}


def test_streams_and_unchanged_answers_carry_them(stage: Stage, http: httpx.Client) -> None:
    slug = stage.names["SLUG"]
    first = http.get("/about/", headers=HTML)
    unchanged = http.get("/about/", headers={**HTML, "If-None-Match": first.headers["etag"]})
    with http.stream("GET", f"/live/{slug}/events") as stream:
        _check(stream)

    assert unchanged.status_code == 304
    _check(unchanged)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_runs_inline_and_only_stripe_is_asked_where_cards_are(
    stage: Stage, http: httpx.Client, path: str
) -> None:
    answer = eventually(
        lambda: (got := http.get(stage.filled(path, {}), headers=HTML)).is_success and got,
        what=path,
    )
    page, policy = Page(answer.text), _policy(answer)
    stripe = {"https://js.stripe.com", stage.stack.sandbox}
    named = {source for sources in policy.values() for source in sources if "//" in source}
    foreign = {
        source
        for source in named
        if source != stage.stack.sandbox and not source.endswith(".stripe.com")
    }

    assert page.inline == []
    assert not foreign
    if path.removeprefix("/es") in PAYING:
        assert page.origins <= stripe | {stage.stack.site}
        assert answer.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    else:
        assert page.origins <= {stage.stack.site}
        assert not named


@pytest.mark.parametrize(
    "path",
    ["/nothing/here", "/es/nada", "/campaigns/no-such-film/", "/%3Cscript%3Ealert(1)%3C/script%3E"],
)
def test_error_pages_run_nothing_and_repeat_nothing(
    stage: Stage, http: httpx.Client, path: str
) -> None:
    answer = http.get(path, headers=HTML)

    page = Page(answer.text)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert page.inline == []
    assert page.origins <= {stage.stack.site}
    assert "alert(1)" not in answer.text


def test_media_run_in_a_sandbox(http: httpx.Client) -> None:
    answer = http.get("/media/canary.png")

    assert answer.status_code == 200
    assert "sandbox" in _policy(answer)
    assert answer.headers["content-disposition"].startswith("inline; filename=")
