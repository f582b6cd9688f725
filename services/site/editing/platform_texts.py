"""What is done with `platform.yml`: changed in the dashboard, found in the folder, written back.

Either way the text is read by the same code, and version, event and text commit together.
"""

from contracts.ids import CampaignSlug
from services.chassis.storage.database import Connection
from services.site import queries
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.editing.handlers import Unready
from services.site.editing.queries import mirror, texts
from services.site.editing.queries import platform_texts as platform
from services.site.handlers import PLATFORM, publish_platform
from services.site.publishing.model import Mistake, PlatformDocument
from services.site.publishing.platform_file import read_platform
from services.site.publishing.platform_text import FILE, Outdated, PlatformText
from services.site.publishing.texts import FOLDER, digest

SLUG = CampaignSlug(PLATFORM)
"""Stands for a campaign's name where texts and files are kept by name."""


def read(source: str, timezone: str) -> PlatformDocument:
    """Return what a text says. Raises `Unready` with every mistake."""
    document, mistakes = read_platform(source.encode(), file=FILE, timezone=timezone)
    if document is None:
        raise Unready(mistakes)
    return document


async def save(
    conn: Connection, source: str, document: PlatformDocument, by: Done, *, base: str
) -> bool:
    """Make a text the one in force; tell whether it says anything new.

    `base` is the digest of the text that the form was made of. Refuses an older one.
    """
    await queries.lock_publishing(conn, PLATFORM)
    newest = await platform.newest_text(conn)
    if (newest.sha256 if newest else "") != base:
        raise Outdated
    if newest is not None and newest.sha256 == digest(source):
        return False
    await _require_own_products(conn, document)
    await publish_platform(conn, document)
    await _keep(conn, source, by.actor, "dashboard")
    await audit.append(conn, by)
    return True


async def import_file(
    conn: Connection, source: str, document: PlatformDocument
) -> tuple[bool, list[Mistake]]:
    """Publish what the folder's file says if somebody edited it; tell whether it says anything new.

    A file that is as we left it is older than the rows. Edited there and saved here, the edit
    is set aside.
    """
    await queries.lock_publishing(conn, PLATFORM)
    sha256 = digest(source)
    kept, newest = await mirror.find_kept(conn, SLUG), await platform.newest_text(conn)
    if newest is not None and newest.sha256 != sha256:
        if kept is not None and kept.sha256 == sha256:
            return False, []
        if kept is None or kept.sha256 != newest.sha256:
            await texts.insert_set_aside(
                conn, SLUG, file=FILE, source=source, origin="folder", author=FOLDER
            )
            await mirror.keep_file(conn, SLUG, FILE, sha256)
            message = "was changed in the dashboard since; this edit is set aside there"
            return False, [Mistake(file=FILE, line=1, field="", message=message)]
    is_new = await publish_platform(conn, document)
    if newest is None or newest.sha256 != sha256:
        await _keep(conn, source, FOLDER, "folder")
    await mirror.keep_file(conn, SLUG, FILE, sha256)
    return is_new, []


async def settle(conn: Connection, number: int, by: Done) -> None:
    """Note that somebody has looked at an edit that was set aside."""
    if await texts.settle_set_aside(conn, SLUG, number, by.actor):
        await audit.append(conn, by)


async def to_write(conn: Connection, held: str | None) -> PlatformText | None:
    """Return the text that the folder's file should have, unless it has it or was edited.

    `held` is what the file says now, None when there is none.
    """
    newest = await platform.newest_text(conn)
    if newest is None or (held is not None and digest(held) == newest.sha256):
        return None
    return None if await is_touched(conn, held) else newest


async def to_commit(conn: Connection, held: str | None) -> PlatformText | None:
    """Return the text that the repository is to have, unless somebody edited the file."""
    newest = await platform.newest_text(conn)
    is_there = newest is not None and held is not None and digest(held) == newest.sha256
    return newest if is_there or not await is_touched(conn, held) else None


async def is_touched(conn: Connection, held: str | None) -> bool:
    """Tell whether the file is another than we left there. None: there is none."""
    if held is None:
        return False
    kept = await mirror.find_kept(conn, SLUG)
    return kept is None or kept.sha256 != digest(held)


async def note_committed(conn: Connection, text: PlatformText) -> None:
    """Note that folder and repository have a text."""
    await platform.mark_mirrored(conn, text.text_id)
    await mirror.keep_file(conn, SLUG, FILE, text.sha256)


async def _keep(conn: Connection, source: str, author: str, origin: str) -> None:
    stored = await queries.newest_platform(conn)
    await platform.insert_text(
        conn,
        version=stored.version if stored else 0,
        source=source,
        sha256=digest(source),
        author=author,
        origin=origin,
        at=await queries.platform_now(conn),
    )


async def _require_own_products(conn: Connection, document: PlatformDocument) -> None:
    """Refuse to sell what a campaign sells: stock is counted by product."""
    products = document.definition.add_ons
    sellers = await texts.products_elsewhere(conn, SLUG) if products else {}
    mistakes = [
        Mistake(
            file=FILE,
            line=1,
            field=f"add_ons.products[{number}].id",
            message=f"“{each.product_id}” is also sold in {sellers[each.product_id]}",
        )
        for number, each in enumerate(products)
        if sellers.get(each.product_id, FILE) != FILE
    ]
    if mistakes:
        raise Unready(mistakes)
