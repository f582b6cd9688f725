"""Pages as a browser meets them: content, headers, caching, errors, media."""

import re
from pathlib import Path

import pytest
from PIL import Image

from services.site.publishing.pictures import size_of
from tests.site.running import Behind, RunningSite
from tests.site.samples import campaign

Shared = tuple[RunningSite, Behind]
ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "campaigns" / "media" / "one-roll-wide.webp"

PUBLIC = ["/", "/about/", "/terms/", "/privacy/", "/campaigns/long-take/"]
PRIVATE = [
    "/manage/",
    "/campaigns/long-take/pledge-success/",
    "/campaigns/long-take/pledge-cancel/",
]
EVERYWHERE = [
    *PUBLIC,
    *PRIVATE,
    *("/robots.txt", "/sitemap.xml", "/api/campaigns.json", "/live/long-take", "/live/nobody"),
    *("/nothing", "/campaigns/nobody/", "/about", "/static/x/none.css", "/media/none.png"),
    *("/media/long-take.webp", "/stats/long-take", "/pledge/cancel", "/livez", "/stats/%2e%2e"),
]


@pytest.fixture
async def site(shared: Shared) -> RunningSite:
    running, services = shared
    services.forget()
    if not (running.content / "long-take.md").exists():
        (running.content / "media" / "long-take.webp").write_bytes(PICTURE.read_bytes())
        text = campaign(more="hero_image: media/long-take.webp")
        (running.content / "long-take.md").write_text(text)
        await running.publish()
    return running


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("path", EVERYWHERE)
async def test_every_answer_carries_the_headers_that_protect_people(
    site: RunningSite, path: str, accept: str
) -> None:
    answer = await site.http.get(path, headers={"accept": accept})

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
    site: RunningSite, prefix: str, path: str
) -> None:
    first = await site.http.get(prefix + path)

    assert first.status_code == 200
    assert first.headers["cache-control"] == "public, no-cache"
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["content-language"] == ("es" if prefix else "en")
    tag = first.headers["etag"]
    again = await site.http.get(prefix + path, headers={"if-none-match": f'W/"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    changed = await site.http.get(prefix + path, headers={"if-none-match": '"other"'})
    assert changed.status_code == 200


@pytest.mark.parametrize("path", PUBLIC)
async def test_packed_and_plain_pages_are_the_same_page(site: RunningSite, path: str) -> None:
    packed = await site.http.get(path, headers={"accept-encoding": "gzip"})
    plain = await site.http.get(path, headers={"accept-encoding": "identity"})
    refused = await site.http.get(path, headers={"accept-encoding": "gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert packed.text == plain.text
    assert packed.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("prefix", ["", "/es"])
@pytest.mark.parametrize("path", PRIVATE)
async def test_private_pages_are_kept_by_nobody(site: RunningSite, prefix: str, path: str) -> None:
    answer = await site.http.get(f"{prefix}{path}?t=abc.def")

    assert answer.status_code == 200
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
async def test_only_pages_that_pay_trust_stripe(site: RunningSite, path: str, pays: bool) -> None:
    answer = await site.http.get(path, headers={"accept": "text/html"})

    assert ("stripe.com" in answer.headers["content-security-policy"]) is pays


async def test_no_page_holds_an_inline_script_or_style(site: RunningSite) -> None:
    for path in [*PUBLIC, *PRIVATE]:
        page = (await site.http.get(path)).text
        for attributes in re.findall(r"<script\b([^>]*)>", page):
            assert "src=" in attributes or 'type="application/json"' in attributes, attributes
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
    site: RunningSite, path: str, to: str
) -> None:
    answer = await site.http.get(path)

    assert (answer.status_code, answer.headers["location"]) == (308, to)


async def test_pages_answer_head_without_a_body(site: RunningSite) -> None:
    full = await site.http.get("/about/")
    head = await site.http.head("/about/")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == full.headers["content-length"]
    missing = await site.http.head("/nothing", headers={"accept": "text/html"})
    assert (missing.status_code, missing.content) == (404, b"")


@pytest.mark.parametrize(
    ("path", "language"), [("/nothing", "en"), ("/es/nada", "es"), ("/campaigns/nobody/", "en")]
)
async def test_a_person_who_is_lost_gets_a_page(
    site: RunningSite, path: str, language: str
) -> None:
    answer = await site.http.get(path, headers={"accept": "text/html,*/*;q=0.8"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert f'<html lang="{language}"' in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/live/nobody", "/api/none", "/admin/none"])
async def test_a_program_that_is_lost_gets_json(site: RunningSite, path: str) -> None:
    accept = "application/json" if path == "/nothing" else "text/html"

    answer = await site.http.get(path, headers={"accept": accept})

    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"


async def test_static_files_are_kept_for_ever_under_the_name_of_their_bytes(
    site: RunningSite,
) -> None:
    page = (await site.http.get("/")).text
    address = re.search(r'href="(/static/[^"]+\.css)"', page)
    assert address

    answer = await site.http.get(address[1])

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    old = await site.http.get(re.sub(r"/static/\w+/", "/static/0123456789ab/", address[1]))
    assert "immutable" not in old.headers["cache-control"]


async def test_media_is_shown_and_never_run(site: RunningSite) -> None:
    page = (await site.http.get("/campaigns/long-take/")).text
    address = re.search(r'src="(/media/long-take\.webp\?v=\w+)"', page)
    assert address

    answer = await site.http.get(address[1])

    assert answer.status_code == 200
    assert answer.content == PICTURE.read_bytes()
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["content-disposition"].startswith("inline")
    again = await site.http.get(address[1], headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("wanted", "status", "first", "last"),
    [
        ("bytes=0-99", 206, 0, 99),
        ("bytes=100-", 206, 100, None),
        ("bytes=-50", 206, -50, None),
        ("bytes=0-", 200, 0, None),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=9-3", 416, 0, 0),
        ("bytes=a-b", 200, 0, None),
        ("bytes=0-1,3-4", 200, 0, None),
    ],
)
async def test_a_part_of_a_film_can_be_asked_for(
    site: RunningSite, wanted: str, status: int, first: int, last: int | None
) -> None:
    whole = PICTURE.read_bytes()

    answer = await site.http.get("/media/long-take.webp", headers={"range": wanted})

    assert answer.status_code == status
    if status != 416:
        assert answer.content == whole[first : None if last is None else last + 1]
    if status == 206:
        assert answer.headers["content-range"].endswith(f"/{len(whole)}")


async def test_a_long_film_is_sent_in_pieces(site: RunningSite) -> None:
    film = bytes(range(256)) * 4 * 1024 * 6
    (site.content / "media" / "film.mp4").write_bytes(film)

    whole = await site.http.get("/media/film.mp4")
    most = await site.http.get("/media/film.mp4", headers={"range": "bytes=5-"})

    assert (whole.status_code, whole.content == film) == (200, True)
    assert (most.status_code, most.content == film[5:]) == (206, True)


@pytest.mark.parametrize(
    "path",
    [
        "/media/../long-take.md",
        "/media/%2e%2e/long-take.md",
        "/media/..%2flong-take.md",
        "/media/long-take.md",
        "/media/link.png",
        "/media/",
        "/media/folder",
        "/media/drawing.svg",
        "/static/x/../../settings.py",
        "/static/x/%2e%2e/settings.py",
    ],
)
async def test_no_file_is_shown_that_is_not_media(site: RunningSite, path: str) -> None:
    media = site.content / "media"
    (media / "folder").mkdir(exist_ok=True)
    (media / "drawing.svg").write_text("<svg onload='alert(1)'/>")
    link = media / "link.png"
    if not link.exists():
        link.symlink_to(site.content / "long-take.md")

    answer = await site.http.get(path)

    assert answer.status_code == 404


async def test_machines_find_every_public_page(site: RunningSite) -> None:
    for name, more in (("hidden", "visibility: private"), ("trial", "test_only: true")):
        (site.content / f"{name}.md").write_text(campaign(name, more=more))
    await site.publish()

    sitemap = (await site.http.get("/sitemap.xml")).text
    listed = (await site.http.get("/api/campaigns.json")).json()["campaigns"]

    assert f"<loc>{site.url}/es/campaigns/long-take/</loc>" in sitemap
    assert f"Sitemap: {site.url}/sitemap.xml" in (await site.http.get("/robots.txt")).text
    assert [each["slug"] for each in listed] == ["long-take"]
    assert listed[0]["tiers"][0]["price"] == 19.99
    assert listed[0]["goalAmount"] == 500
    assert "/campaigns/hidden/" not in (await site.http.get("/")).text
    assert (await site.http.get("/campaigns/hidden/")).status_code == 200


async def test_a_campaign_can_be_taken_back(site: RunningSite) -> None:
    file = site.content / "gone.md"
    file.write_text(campaign("gone"))
    await site.publish()
    assert (await site.http.get("/campaigns/gone/")).status_code == 200
    file.write_text(campaign("gone", more="published: false"))

    await site.publish()

    for path in ("/campaigns/gone/", "/live/gone", "/es/campaigns/gone/pledge-success/"):
        assert (await site.http.get(path)).status_code == 404


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "campaigns/media").glob("*.webp")))
def test_a_pictures_size_is_read_from_its_header(name: str) -> None:
    file = ROOT / "campaigns" / "media" / name

    with Image.open(file) as picture:
        assert size_of(file) == picture.size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_every_kind_of_picture_tells_its_size(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "picture"
    Image.new("RGB", (321, 123)).save(file, kind)

    assert size_of(file) == (321, 123)
