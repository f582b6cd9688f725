"""Pages as a browser meets them: content, headers, caching, errors, media."""

import re

import pytest

from tests.site.running import RunningSite
from tests.site.samples import campaign

PUBLIC = ["/", "/about/", "/terms/", "/privacy/", "/campaigns/long-take/"]
PRIVATE = [
    "/manage/",
    "/campaigns/long-take/pledge-success/",
    "/campaigns/long-take/pledge-cancel/",
]
EVERYWHERE = [
    *PUBLIC,
    *PRIVATE,
    *("/robots.txt", "/sitemap.xml", "/sitemap.txt", "/api/campaigns.json", "/api/add-ons.json"),
    *("/live/long-take", "/live/nobody"),
    *("/nothing", "/campaigns/nobody/", "/about", "/static/x/none.css", "/media/none.png"),
    *("/media/long-take.webp", "/stats/long-take", "/pledge/cancel", "/livez", "/stats/%2e%2e"),
]


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_carries_the_headers_that_protect_people(
    one_film: RunningSite, path: str, accept: str
) -> None:
    answer = await one_film.http.get(path, headers={"accept": accept})

    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "strict-origin-when-cross-origin")
    assert "camera=()" in headers["permissions-policy"]
    assert headers["cross-origin-opener-policy"].startswith("same-origin")
    assert headers["cross-origin-resource-policy"] in ("same-origin", "cross-origin")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"]
    assert headers["x-request-id"]
    assert not {"server", "x-xss-protection", "set-cookie"} & set(headers)
    assert len(headers.get_list("content-type")) <= 1
    # On plain http there is nothing to promise.
    assert "strict-transport-security" not in headers


@pytest.mark.parametrize("prefix", ["", "/es"])
@pytest.mark.parametrize("path", PUBLIC)
async def test_public_pages_may_be_kept_by_anybody(
    one_film: RunningSite, prefix: str, path: str
) -> None:
    first = await one_film.http.get(prefix + path)

    assert first.status_code == 200
    assert first.headers["cache-control"] == "public, no-cache"
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["content-language"] == ("es" if prefix else "en")
    tag = first.headers["etag"]
    again = await one_film.http.get(prefix + path, headers={"if-none-match": f'W/"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    changed = await one_film.http.get(prefix + path, headers={"if-none-match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize("path", PUBLIC)
async def test_packed_and_plain_pages_are_the_same_page(one_film: RunningSite, path: str) -> None:
    packed = await one_film.http.get(path, headers={"accept-encoding": "gzip"})
    plain = await one_film.http.get(path, headers={"accept-encoding": "identity"})
    refused = await one_film.http.get(path, headers={"accept-encoding": "gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("prefix", ["", "/es"])
@pytest.mark.parametrize("path", PRIVATE)
async def test_private_pages_are_kept_by_nobody(
    one_film: RunningSite, prefix: str, path: str
) -> None:
    plain = await one_film.http.get(f"{prefix}{path}")
    # Here nobody is behind the gateway who could say what the link opens.
    opened = await one_film.http.get(f"{prefix}{path}?t=abc.def")

    head = await one_film.http.head(f"{prefix}{path}?t=abc.def")

    assert (plain.status_code, opened.status_code) == (200, 503 if path == "/manage/" else 200)
    assert (head.status_code, head.content) == (opened.status_code, b"")
    for answer in (plain, opened):
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "etag" not in answer.headers
        assert "abc.def" not in answer.text


@pytest.mark.parametrize(
    ("path", "pays"),
    [
        ("/campaigns/long-take/", True),
        ("/", True),
        ("/about/", False),
        ("/campaigns/long-take/pledge-success/", False),
        ("/nothing", False),
    ],
)
async def test_only_pages_that_pay_trust_stripe(
    one_film: RunningSite, path: str, pays: bool
) -> None:
    answer = await one_film.http.get(path, headers={"accept": "text/html"})

    assert ("stripe.com" in answer.headers["content-security-policy"]) is pays


async def test_no_page_holds_an_inline_script_or_style(one_film: RunningSite) -> None:
    for path in [*PUBLIC, *PRIVATE]:
        page = (await one_film.http.get(path)).text
        for attributes in re.findall(r"<script\b([^>]*)>", page):
            assert "src=" in attributes or re.search(
                r'type="application/(ld\+)?json"', attributes
            ), attributes
        assert "<style" not in page
        assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/about", "/about/"),
        ("/es", "/es/"),
        ("/campaigns/long-take?ref=a%20b", "/campaigns/long-take/?ref=a%20b"),
        ("/manage?t=abc", "/manage/?t=abc"),
    ],
)
async def test_an_address_without_its_slash_is_corrected(
    one_film: RunningSite, path: str, to: str
) -> None:
    answer = await one_film.http.get(path)

    assert (answer.status_code, answer.headers["location"]) == (308, to)


async def test_pages_answer_head_without_a_body(one_film: RunningSite) -> None:
    full = await one_film.http.get("/about/")
    head = await one_film.http.head("/about/")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == full.headers["content-length"]
    missing = await one_film.http.head("/nothing", headers={"accept": "text/html"})
    assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.parametrize(
    ("path", "language"), [("/nothing", "en"), ("/es/nada", "es"), ("/campaigns/nobody/", "en")]
)
async def test_a_person_who_is_lost_gets_a_page(
    one_film: RunningSite, path: str, language: str
) -> None:
    answer = await one_film.http.get(path, headers={"accept": "text/html,*/*;q=0.8"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert f'<html lang="{language}"' in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/live/nobody", "/api/none", "/admin/none"])
async def test_a_program_that_is_lost_gets_json(one_film: RunningSite, path: str) -> None:
    accept = "application/json" if path == "/nothing" else "text/html"

    answer = await one_film.http.get(path, headers={"accept": accept})

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"


async def test_static_files_are_kept_for_ever_under_the_name_of_their_bytes(
    one_film: RunningSite,
) -> None:
    page = (await one_film.http.get("/")).text
    address = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert address

    answer = await one_film.http.get(address[1])

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    old = await one_film.http.get(re.sub(r"/static/\w+/", "/static/0123456789ab/", address[1]))
    assert "immutable" not in old.headers["cache-control"]


async def test_machines_find_every_public_page(one_film: RunningSite) -> None:
    for name, more in (("hidden", "visibility: private"), ("trial", "test_only: true")):
        (one_film.content / f"{name}.md").write_text(campaign(name, more=more))
    await one_film.publish()

    sitemap = (await one_film.http.get("/sitemap.xml")).text
    listed = (await one_film.http.get("/api/campaigns.json")).json()["campaigns"]

    assert re.search(
        rf"<loc>{one_film.url}/es/campaigns/long-take/</loc><lastmod>\d{{4}}-\d\d-\d\d<", sitemap
    )
    lines = (await one_film.http.get("/sitemap.txt")).text.splitlines()
    assert lines == re.findall(r"<loc>([^<]+)</loc>", sitemap)
    assert f"Sitemap: {one_film.url}/sitemap.xml" in (await one_film.http.get("/robots.txt")).text
    assert [each["slug"] for each in listed] == ["long-take"]
    assert listed[0]["tiers"][0]["price"] == 19.99
    assert listed[0]["goalAmount"] == 500
    assert "/campaigns/hidden/" not in (await one_film.http.get("/")).text
    assert (await one_film.http.get("/campaigns/hidden/")).status_code == 200


async def test_a_film_may_bring_pictures_for_behind_its_page_and_across_its_bar(
    one_film: RunningSite,
) -> None:
    more = (
        "campaign_background: https://pictures.example/wall.webp\n"
        "progress_background: media/long-take.webp"
    )
    (one_film.content / "papered.md").write_text(campaign("papered", more=more))
    await one_film.publish()

    page = await one_film.http.get("/campaigns/papered/")
    plain = await one_film.http.get("/campaigns/long-take/")

    behind = re.search(r'<img class="backdrop" src="([^"]*)" alt=""', page.text)
    across = re.search(r'<img class="bar__picture" src="([^"]*)" srcset="[^"]* 320w', page.text)
    assert behind
    assert across
    assert behind[1] == "https://pictures.example/wall.webp"
    assert across[1].startswith("/media/long-take.webp?v=")
    assert "https://pictures.example" in page.headers["content-security-policy"]
    assert "backdrop" not in plain.text + page.text.partition("</main>")[2]
    assert "pictures.example" not in plain.headers["content-security-policy"]


async def test_a_campaign_can_be_taken_back(one_film: RunningSite) -> None:
    file = one_film.content / "gone.md"
    file.write_text(campaign("gone"))
    await one_film.publish()
    assert (await one_film.http.get("/campaigns/gone/")).status_code == 200
    file.write_text(campaign("gone", more="published: false"))

    await one_film.publish()

    for path in ("/campaigns/gone/", "/live/gone", "/es/campaigns/gone/pledge-success/"):
        assert (await one_film.http.get(path)).status_code == 404


async def test_a_browser_that_uses_another_name_is_sent_to_the_proper_one(
    one_film: RunningSite,
) -> None:
    port = one_film.url.rpartition(":")[2]
    headers = {"host": f"localhost:{port}", "accept": "text/html"}

    answer = await one_film.http.get("/campaigns/long-take/?ref=a", headers=headers)

    assert answer.status_code == 308
    assert answer.headers["location"] == f"{one_film.url}/campaigns/long-take/?ref=a"


async def test_live_figures_answer_head(one_film: RunningSite) -> None:
    answer = await one_film.http.head("/live/long-take")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"]


async def test_links_may_be_fetched_ahead_from_pages_for_everybody(one_film: RunningSite) -> None:
    page = await one_film.http.get("/campaigns/long-take/")
    manage = await one_film.http.get("/manage/")
    rules = await one_film.http.get(page.headers["speculation-rules"].strip('"'))

    assert "speculation-rules" not in manage.headers
    assert rules.headers["content-type"] == "application/speculationrules+json"
    (rule,) = rules.json()["prefetch"]
    named = [each["href_matches"] for each in rule["where"]["and"][0]["or"]]
    assert not [each for each in named if re.search("manage|community|cart|admin|pledge", each)]
