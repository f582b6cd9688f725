"""The media library: a grid for each campaign, uploads, and what is said of each file."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar.response.base import ASGIResponse

from contracts.refusals import InputRefused, NotFound
from services.chassis.storage.database import transaction
from services.site.admin.handlers import media as handlers
from services.site.admin.queries import media as queries
from services.site.admin.queries import media_files as files
from services.site.desks.dashboard import Visit, Work
from services.site.door.uploads import Received
from services.site.media.films import blank_notes
from services.site.media.kinds import HEAD_BYTES, Kind, kind_of, require_size
from services.site.media.library import (
    PAGE_SIZE,
    File,
    Item,
    Use,
    read_search,
    read_words,
    used_in,
)
from services.site.media.naming import label_of, name_of

NO_FILE = "Choose a file."
NOTED = ("MP4", "MOV", "M4A")
"""Kinds whose boxes of notes are emptied."""


async def choose(visit: Visit) -> ASGIResponse:
    """Show whose media there are to look at."""
    return visit.page("media", campaigns=visit.campaigns)


async def show(visit: Visit) -> ASGIResponse:
    """Show a page of a campaign's media, newest first."""
    found = await _page(visit)
    async with transaction(visit.dash.pool) as conn:
        uses = used_in(await queries.list_documents(conn))
        named = [name for name, where in uses.items() if _of(visit, where)]
        absent = await queries.list_absent(conn, named)
    return visit.page(
        "media_list",
        **found,
        title=_title(visit),
        uses=uses,
        absent=[(name, _of(visit, uses[name])) for name in absent],
        alt=visit.one("alt"),
    )


async def pick(visit: Visit) -> ASGIResponse:
    """Show a page of a campaign's media to choose one from: a dialog of the editors."""
    return visit.page("media_pick", **await _page(visit))


async def _page(visit: Visit) -> dict[str, Any]:
    """Return what is found of a campaign's media, and where the older ones are."""
    search = read_search(visit.asked)
    before = visit.asked.get("before", "")
    async with transaction(visit.dash.pool) as conn:
        found = await queries.list_items(
            conn, visit.slug, search, before=before, limit=PAGE_SIZE + 1
        )
    items = found[:PAGE_SIZE]
    chosen = {name: text for name, text in msgspec.structs.asdict(search).items() if text}
    more = items[-1].item_id if len(found) > PAGE_SIZE else None
    return {
        "slug": visit.slug,
        "items": items,
        "search": search,
        "is_searched": bool(chosen),
        "is_processing": any(each.state == "processing" for each in items),
        "older": urlencode({**chosen, "before": more}) if more else "",
    }


async def show_one(visit: Visit) -> ASGIResponse:
    """Show a file, what is said of it, and where it is used."""
    item, uses = await _item(visit)
    return visit.page(
        "media_one",
        slug=visit.slug,
        title=_title(visit),
        item=item,
        uses=uses,
        titles=visit.dash.titles(),
        label=visit.one("label") or item.label,
        alt=visit.one("alt") if visit.trouble else item.alt,
    )


async def upload(visit: Visit) -> ASGIResponse:
    """Take a file: a picture is made anew from its pixels, and all are named by their bytes."""
    received = visit.received
    if received is None or not received.size:
        raise InputRefused("no_file", NO_FILE, fields={"file": NO_FILE})
    kind = kind_of(received.head[:HEAD_BYTES])
    require_size(kind, received.size)
    async with transaction(visit.dash.pool) as conn:
        await handlers.require_allowance(conn, received.size, visit.user)
    file, part = await _made(visit, kind, received)
    _, alt = read_words("-", visit.one("alt"))
    async with transaction(visit.dash.pool) as conn:
        await files.lock_file(conn, file.name)
        await asyncio.to_thread(visit.dash.store.keep, part, file.name)
        item_id = await handlers.keep(
            conn,
            file,
            campaign=visit.slug,
            label=label_of(received.file_name) or file.name,
            alt=alt,
            by=visit.user,
        )
    return visit.go(f"media/{visit.slug}/", done="uploaded", at=f"m-{item_id}")


async def describe(visit: Visit) -> ASGIResponse:
    """Keep what somebody says of a file."""
    label, alt = read_words(visit.one("label"), visit.one("alt"))
    item, _ = await _item(visit)
    async with transaction(visit.dash.pool) as conn:
        await handlers.describe(conn, item, label, alt, by=visit.user)
    return visit.go(f"media/{visit.slug}/{item.item_id}/", done="described")


async def remove(visit: Visit) -> ASGIResponse:
    """Take a file out of the library."""
    item, uses = await _item(visit)
    async with transaction(visit.dash.pool) as conn:
        await handlers.remove(conn, item, uses, by=visit.user)
    return visit.go(f"media/{visit.slug}/", done="media-removed")


async def _item(visit: Visit) -> tuple[Item, list[Use]]:
    async with transaction(visit.dash.pool) as conn:
        item = await queries.find_item(conn, visit.slug, visit.key)
        if item is None:
            raise NotFound("unknown_media", "There is no such file any more.")
        uses = used_in(await queries.list_documents(conn))
    return item, uses.get(item.name, [])


async def _made(visit: Visit, kind: Kind, received: Received) -> tuple[File, Path]:
    """Return what is kept of an upload, and where it lies for now."""
    if kind.family != "picture":
        if kind.name in NOTED:
            await asyncio.to_thread(_blank_notes, received.path)
        digest, size = await asyncio.to_thread(_digest, received.path)
        file = File(
            name=name_of(digest, kind.suffix),
            family=kind.family,
            media_type=kind.media_type,
            bytes=size,
        )
        return file, received.path
    part = await asyncio.to_thread(visit.dash.store.part)
    visit.scrap.append(part)
    made = await visit.dash.press.remake(kind, received.path, part)
    digest, size = await asyncio.to_thread(_digest, part)
    file = File(
        name=name_of(digest, ".webp"),
        family="picture",
        media_type="image/webp",
        bytes=size,
        width=made.width,
        height=made.height,
        state="processing",
    )
    return file, part


def _blank_notes(film: Path) -> None:
    with film.open("r+b") as opened:
        blank_notes(opened)


def _digest(part: Path) -> tuple[str, int]:
    with part.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest(), part.stat().st_size


def _of(visit: Visit, where: list[Use]) -> list[Use]:
    return [use for use in where if use.campaign == visit.slug]


def _title(visit: Visit) -> str:
    return visit.dash.titles().get(visit.slug, "")


WORKS: dict[str, Work] = {
    "media": choose,
    "media.list": show,
    "media.one": show_one,
    "media.pick": pick,
    "media.upload": upload,
    "media.describe": describe,
    "media.remove": remove,
}
