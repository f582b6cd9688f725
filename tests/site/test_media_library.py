"""The media library: kept once, shown where it may be, used where a page names it, let go later."""

import asyncio
import io
import re
from pathlib import Path

import asyncpg
import pytest

from services.chassis.storage.database import open_pool
from services.site.live.workshop import Sweeper, Workshop
from services.site.media.films import blank_notes
from services.site.media.press import Press
from services.site.media.store import Store
from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite, eventually
from tests.site.samples import campaign
from tests.site.uploads import SECRET_PLACE, mp4, noted_film, picture, send

NAME = re.compile(r"/media/uploads/([0-9a-f]{32}\.webp)")
WIDTHS = (320, 480, 640, 960)


async def library(visitor: Visitor, query: str = "") -> str:
    return (await visitor.get(f"/admin/media/long-take/{query}")).text


async def uploaded(visitor: Visitor, content: bytes, **form: str) -> tuple[str, str]:
    """Send a file; return its name and its item's id."""
    answer = await send(visitor, "long-take", content, **form)
    assert answer.status_code == 303, answer.text
    item = answer.headers["location"].partition("#m-")[2]
    one = await visitor.get(f"/admin/media/long-take/{item}/")
    return NAME.findall(one.text)[0], item


async def ready(site: RunningSite, name: str) -> asyncpg.Record:
    """The file's row once a worker made its sizes."""

    async def look() -> asyncpg.Record | None:
        connection = await asyncpg.connect(site.database.owner_url)
        row = await connection.fetchrow(
            "SELECT state, widths FROM site.media_files WHERE name = $1", name
        )
        await connection.close()
        return row if row and row["state"] != "processing" else None

    found = await eventually(look, what=site.log)
    assert isinstance(found, asyncpg.Record)
    return found


async def test_an_upload_is_had_in_every_size_and_kept_by_browsers(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")

    name, _ = await uploaded(visitor, picture(size=(1000, 600)), alt="A slope")

    row = await ready(one_film, name)
    assert (row["state"], tuple(sorted(row["widths"]))) == ("ready", WIDTHS)
    stem = name.partition(".")[0]
    for width in WIDTHS:
        answer = await one_film.http.get(f"/media/uploads/{name}?v={stem}&w={width}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("sandbox")
    whole = await one_film.http.get(f"/media/uploads/{name}?v={stem}")
    assert len(whole.content) > len(answer.content) > 0
    assert (await one_film.http.get(f"/media/uploads/{stem}-320.webp")).status_code == 404
    assert (await one_film.http.get(f"/media/uploads/{'0' * 32}.webp")).status_code == 404


async def test_the_same_file_twice_is_one(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")

    first = await uploaded(visitor, picture(size=(333, 222)))
    second = await uploaded(visitor, picture(size=(333, 222)))

    assert first == second


async def test_a_page_shows_what_was_uploaded_and_the_library_says_where(
    one_film: RunningSite,
) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    name, item = await uploaded(visitor, picture(size=(1300, 900)))
    await ready(one_film, name)
    text = campaign(more=f"hero_image: media/uploads/{name}")
    (one_film.content / "long-take.md").write_text(text)
    await one_film.publish()

    page = (await one_film.http.get("/campaigns/long-take/")).text
    one = (await visitor.get(f"/admin/media/long-take/{item}/")).text
    refused = await visitor.post(f"/admin/media/long-take/{item}/remove")

    assert f"/media/uploads/{name}?v={name[:32]}" in page
    assert 'width="1300" height="900"' in page
    assert "hero_image" in one
    assert refused.status_code == 409
    (one_film.content / "long-take.md").unlink()


async def test_a_page_that_names_what_is_not_there_is_told_of(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    gone = f"{'ab' * 16}.webp"
    text = campaign(more=f"hero_image: media/uploads/{gone}")
    (one_film.content / "long-take.md").write_text(text)
    await one_film.publish()

    assert f"media/uploads/{gone}" in await library(visitor)
    (one_film.content / "long-take.md").unlink()


async def test_what_is_said_of_a_file_is_kept_or_shown_again(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    _, item = await uploaded(visitor, picture(size=(200, 100)))
    path = f"/admin/media/long-take/{item}"

    refused = await visitor.post(f"{path}/describe", label="", alt="Typed & not lost")
    kept = await visitor.post(f"{path}/describe", label="The bridge", alt="At night")

    assert refused.status_code == 400
    assert "Typed &amp; not lost" in refused.text
    assert kept.status_code == 303
    assert "The bridge" in await library(visitor, "?words=NIGHT")
    assert "Nothing found" in await library(visitor, "?words=elsewhere")
    assert "Nothing found" in await library(visitor, "?family=sound&words=bridge")


async def test_a_campaigns_files_are_its_own(one_film: RunningSite) -> None:
    ada = await signed_in(one_film, "ada@pool.example")
    _, item = await uploaded(ada, picture(size=(210, 100)))
    rights = {"role": "campaign", "campaigns": ["long-take"]}
    theirs = await signed_in(one_film, "theirs@pool.example", **rights)

    elsewhere = await theirs.get(f"/admin/media/another-film/{item}/")
    platform = await send(theirs, "platform", picture())
    mixed = await ada.get(f"/admin/media/another-film/{item}/")
    own = await theirs.get(f"/admin/media/long-take/{item}/")

    assert (elsewhere.status_code, platform.status_code) == (403, 403)
    assert (mixed.status_code, own.status_code) == (404, 200)


async def test_nothing_is_taken_when_the_folder_cannot_be_written_to(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    uploads = one_film.content / "media/uploads"
    aside = uploads.with_name("aside")
    uploads.rename(aside) if uploads.exists() else None
    uploads.write_text("in the way")
    try:
        answer = await send(visitor, "long-take", picture())
    finally:
        uploads.unlink()
        aside.rename(uploads) if aside.exists() else None

    assert answer.status_code == 503
    assert "be written to" in answer.text


async def test_an_upload_that_breaks_off_leaves_nothing(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    host, port = one_film.url.removeprefix("http://").split(":")
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    head = (
        f"POST /admin/media/long-take/upload HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Origin: {one_film.url}\r\nCookie: {cookies}\r\nContent-Length: 90000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    parts = one_film.content / "media/uploads/.parts"
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + body + picture()[:2_000])
    await writer.drain()
    await eventually(lambda: any(parts.iterdir()), what=one_film.log)

    writer.close()

    await eventually(lambda: not any(parts.iterdir()), what=one_film.log)


@pytest.fixture
async def bench(one_film: RunningSite, tmp_path: Path) -> tuple[RunningSite, Store]:
    """The site's own database, and its folder."""
    return one_film, Store(one_film.content / "media/uploads")


async def test_whoever_dies_half_way_leaves_what_was_made(
    bench: tuple[RunningSite, Store], services: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, store = bench
    visitor = await signed_in(site, "ada@pool.example")
    name, _ = await uploaded(visitor, picture(size=(1010, 600)))
    await ready(site, name)
    pool = await open_pool(site.database.url("site"), schema="site", size_max=2)
    made = {width: store.place(name, width).stat().st_mtime_ns for width in WIDTHS}
    store.place(name, 320).unlink()
    store.place(name, 480).unlink()
    connection = await asyncpg.connect(site.database.owner_url)
    # Somebody holds it, and died: the lease has run out.
    await connection.execute(
        """
        UPDATE site.media_files
        SET state = 'processing', leased_until = clock_timestamp() - interval '1 second'
        WHERE name = $1
        """,
        name,
    )
    await connection.close()

    await Workshop(pool, store, Press()).make_all()
    await pool.close()

    row = await ready(site, name)
    assert tuple(sorted(row["widths"])) == WIDTHS
    assert store.place(name, 640).stat().st_mtime_ns == made[640]
    assert store.place(name, 320).stat().st_mtime_ns > made[320]


async def test_what_no_page_names_goes_after_its_time(bench: tuple[RunningSite, Store]) -> None:
    site, store = bench
    visitor = await signed_in(site, "ada@pool.example")
    name, _ = await uploaded(visitor, picture(size=(420, 100)))
    kept, _ = await uploaded(visitor, picture(size=(430, 100)))
    await ready(site, name)
    pool = await open_pool(site.database.url("site"), schema="site", size_max=2)
    connection = await asyncpg.connect(site.database.owner_url)
    sweeper = Sweeper(pool, store)

    await sweeper.sweep()
    assert store.find(name)
    await _later(connection, name, "unused_since", "31 days")
    await sweeper.sweep()
    assert store.find(name), "it was taken out of the library, and can be brought back"
    assert name not in await library(visitor)
    await _later(connection, name, "removed_at", "8 days")
    await sweeper.sweep()

    await connection.close()
    await pool.close()
    assert store.find(name) is None
    assert not list(store.folder.glob(f"{name[:32]}*"))
    assert store.find(kept)
    again, _ = await uploaded(visitor, picture(size=(420, 100)))
    assert again == name
    assert store.find(name)


async def _later(connection: asyncpg.Connection, name: str, column: str, ago: str) -> None:
    await connection.execute(
        f"UPDATE site.media_items SET {column} = clock_timestamp() - $2::text::interval"
        " WHERE name = $1",
        name,
        ago,
    )


async def test_a_picture_that_kills_its_reader_fails_and_is_still_shown(
    bench: tuple[RunningSite, Store],
) -> None:
    site, store = bench
    visitor = await signed_in(site, "ada@pool.example")
    name, _ = await uploaded(visitor, picture(size=(1020, 600)))
    await ready(site, name)
    pool = await open_pool(site.database.url("site"), schema="site", size_max=2)
    for width in WIDTHS:
        store.place(name, width).unlink()
    connection = await asyncpg.connect(site.database.owner_url)
    await connection.execute(
        "UPDATE site.media_files SET state = 'processing', attempts = 2, leased_until ="
        " clock_timestamp() - interval '1 second' WHERE name = $1",
        name,
    )
    await connection.close()

    await Workshop(pool, store, Press(seconds_max=0.0)).make_all()
    await pool.close()

    assert (await ready(site, name))["state"] == "failed"
    assert "Could not be scaled" in await library(visitor)
    whole = await one_whole(site, name)
    assert whole == 200


async def one_whole(site: RunningSite, name: str) -> int:
    return (await site.http.get(f"/media/uploads/{name}?w=320")).status_code


async def test_what_a_draft_names_is_used_and_can_be_chosen(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    name, item = await uploaded(visitor, picture(size=(440, 100)), alt="A slope at dusk")
    connection = await asyncpg.connect(one_film.database.owner_url)
    await connection.execute(
        """
        INSERT INTO site.campaign_drafts
            (slug, source, revision, base_text, is_open, saved_by, saved_at)
        VALUES ('long-take', $1, 1, 0, true, 'ada@pool.example', clock_timestamp())
        ON CONFLICT (slug) DO UPDATE
        SET source = excluded.source, is_open = true
        """,
        f"hero_image: media/uploads/{name}",
    )
    one = (await visitor.get(f"/admin/media/long-take/{item}/")).text
    refused = await visitor.post(f"/admin/media/long-take/{item}/remove")
    await connection.execute("UPDATE site.campaign_drafts SET is_open = false")
    await connection.close()
    picker = (await visitor.get("/admin/media-picker/long-take/?words=dusk")).text

    assert ", draft" in one
    assert refused.status_code == 409
    assert f'data-path="media/uploads/{name}" data-alt="A slope at dusk"' in picker


async def test_a_film_says_nothing_of_where_it_was(one_film: RunningSite) -> None:
    visitor = await signed_in(one_film, "ada@pool.example")
    film = noted_film()

    answer = await send(visitor, "long-take", film, name="phone.mp4")

    item = answer.headers["location"].partition("#m-")[2]
    one = (await visitor.get(f"/admin/media/long-take/{item}/")).text
    address = re.search(r'src="(/media/uploads/[0-9a-f]{32}\.mp4)', one)
    assert address
    kept = (await visitor.get(address[1])).content
    assert len(kept) == len(film)
    assert SECRET_PLACE not in kept
    assert b"pictures" * 9 in kept
    assert b"mvhd" in kept
    part = await visitor.get(address[1], headers={"Range": "bytes=0-23"})
    assert (part.status_code, part.content) == (206, mp4()[:24])


@pytest.mark.parametrize("cut", [3, 30, 60, 200])
def test_a_film_that_is_cut_off_is_left_in_peace(cut: int) -> None:
    film = io.BytesIO(noted_film()[:cut])

    blank_notes(film)

    assert len(film.getvalue()) == cut
