"""What is done with a campaign's text: saved, published, found in the folder, taken back.

Everything about one campaign happens one after the other: each function first takes the
campaign's own lock, which publishing takes too.
"""

from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused, NotFound, StateRefused
from services.chassis.storage.database import Connection
from services.site import queries
from services.site.admin.audit import Done
from services.site.admin.queries import audit
from services.site.editing.queries import mirror, texts
from services.site.handlers import publish_campaign
from services.site.publishing.campaign_file import CampaignFile
from services.site.publishing.model import Mistake
from services.site.publishing.texts import (
    FOLDER,
    Mark,
    Origin,
    Overtaken,
    Standing,
    Text,
    digest,
    require_room,
)


class Unready(InputRefused):
    """The text has mistakes: it can be saved, and not be published."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("not_ready", "Something has to be put right before this can be published.")
        self.mistakes = mistakes


async def standing(conn: Connection, slug: CampaignSlug) -> Standing:
    """Return a campaign as its editors find it. Refuses one that nobody ever began."""
    found = Standing(
        slug=slug,
        public=await texts.newest_text(conn, slug),
        draft=await texts.find_draft(conn, slug),
    )
    if found.public is None and found.draft is None:
        raise NotFound("unknown_campaign", "There is no such campaign.")
    return found


async def create(conn: Connection, slug: CampaignSlug, source: str, by: Done) -> None:
    """Begin a campaign that nobody sees. Refuses a name, or a file's name, that is taken."""
    await queries.lock_publishing(conn, slug)
    is_taken = (
        await texts.newest_text(conn, slug) is not None
        or await texts.find_draft(conn, slug) is not None
        or await queries.newest_version(conn, slug) > 0
        or await mirror.file_owner(conn, f"{slug}.md") is not None
    )
    if is_taken:
        taken = "There is a campaign of this name already."
        raise InputRefused("invalid_input", taken, fields={"slug": taken})
    await texts.save_draft(conn, slug, source=source, base_text=0, is_open=True, saved_by=by.actor)
    await audit.append(conn, by)


async def save(
    conn: Connection,
    slug: CampaignSlug,
    mark: Mark,
    source: str,
    by: Done,
    *,
    is_noted: bool = True,
) -> Mark:
    """Keep a working copy; return what the next form carries. Refuses a form of an older one."""
    require_room(source)
    await queries.lock_publishing(conn, slug)
    found = await standing(conn, slug)
    if source == found.source and (found.is_changed or found.public is not None):
        # Nothing is lost, whoever wrote it: mostly oneself, and the answer did not arrive.
        return found.mark
    if found.mark != mark and not found.is_published_of(mark):
        raise Overtaken("draft_overtaken", theirs=found.source, mine=source, mark=found.mark)
    base_text = found.mark.base_text
    revision = await texts.save_draft(
        conn, slug, source=source, base_text=base_text, is_open=True, saved_by=by.actor
    )
    if is_noted:
        await audit.append(conn, by)
    return Mark(revision, base_text)


async def publish(
    conn: Connection,
    found: CampaignFile,
    mark: Mark,
    by: Done,
    *,
    origin: Origin = "dashboard",
    message: str = "",
) -> int:
    """Make a text the public one; return its id. Version, event and text commit together.

    Refuses when another text was saved or became public since, and what may not change.
    """
    slug = found.document.slug
    require_room(found.source)
    await queries.lock_publishing(conn, slug)
    stands = await standing(conn, slug)
    if stands.is_published_of(mark) and stands.public and stands.source == found.source:
        # Pressed twice: it is public.
        return stands.public.text_id
    if stands.mark != mark:
        raise Overtaken(
            "draft_overtaken", theirs=stands.source, mine=found.source, mark=stands.mark
        )
    if stands.is_overtaken and stands.public is not None:
        raise Overtaken(
            "public_overtaken", theirs=stands.public.source, mine=found.source, mark=stands.mark
        )
    mistakes = await _sold_elsewhere(conn, found)
    result = mistakes or await publish_campaign(conn, found)
    if isinstance(result, list):
        raise Unready(result)
    text_id = await _keep(conn, found, by.actor, origin, message)
    await texts.save_draft(
        conn, slug, source=found.source, base_text=text_id, is_open=False, saved_by=by.actor
    )
    await texts.archive_draft(conn, slug, is_archived=origin == "archived")
    await audit.append(conn, by)
    return text_id


async def import_file(conn: Connection, found: CampaignFile) -> bool | list[Mistake]:
    """Publish what the folder holds if somebody edited it; tell whether anything is new.

    A file that is as we left it is not touched by hand: then the rows are newer, and the
    mirror has not come round yet. Edited there and published here, the edit is set aside.
    """
    slug, sha256 = found.document.slug, digest(found.source)
    await queries.lock_publishing(conn, slug)
    kept, public = await mirror.find_kept(conn, slug), await texts.newest_text(conn, slug)
    is_touched = kept is None or kept.sha256 != sha256
    if public is not None and public.sha256 != sha256:
        # What the mirror has just written and not noted yet is no edit either.
        if not is_touched or await mirror.is_to_be_mirrored(conn, slug, sha256):
            return False
        if kept is None or kept.sha256 != public.sha256:
            await set_aside(conn, slug, found.file, found.source)
            return [_set_aside(found)]
    result = await publish_campaign(conn, found)
    if isinstance(result, list):
        return result
    if public is None or public.sha256 != sha256:
        await _keep(conn, found, FOLDER, "folder", "")
    await mirror.keep_file(conn, slug, found.file, sha256)
    return result


async def set_aside(conn: Connection, slug: CampaignSlug, file: str, source: str) -> None:
    """Keep what somebody wrote in the folder and another text overtook."""
    await texts.insert_set_aside(
        conn, slug, file=file, source=source, origin="folder", author=FOLDER
    )
    await mirror.keep_file(conn, slug, file, digest(source))


async def keep_edit(conn: Connection, text: Text, found: str | None) -> None:
    """Keep an edit by hand that a file holds which is about to be written over."""
    if found is None or digest(found) == text.sha256:
        return
    await queries.lock_publishing(conn, text.slug)
    kept = await mirror.find_kept(conn, text.slug)
    if kept is not None and kept.sha256 == digest(found):
        return
    if not await texts.was_public(conn, text.slug, digest(found)):
        await set_aside(conn, text.slug, text.file, found)


async def keep_overruled(conn: Connection, slug: CampaignSlug, file: str, source: str) -> None:
    """Keep what somebody pushed to the remote and another text overtook."""
    await texts.insert_set_aside(
        conn, slug, file=file, source=source, origin="folder", author=FOLDER
    )


async def give_up(conn: Connection, slug: CampaignSlug, mark: Mark, by: Done) -> None:
    """Go back to the public text; the working copy is set aside, not lost."""
    await queries.lock_publishing(conn, slug)
    found = await _marked(conn, slug, mark)
    if not found.is_changed or found.draft is None:
        return
    if found.public is None:
        raise StateRefused("nothing_public", "There is no public text to go back to.")
    await texts.insert_set_aside(
        conn,
        slug,
        file=found.file,
        source=found.draft.source,
        origin="draft",
        author=found.draft.saved_by,
    )
    await texts.save_draft(
        conn,
        slug,
        source=found.public.source,
        base_text=found.public.text_id,
        is_open=False,
        saved_by=by.actor,
    )
    await audit.append(conn, by)


async def keep_on_top(conn: Connection, slug: CampaignSlug, mark: Mark, by: Done) -> None:
    """Say that the working copy is to replace what became public since it was begun."""
    await queries.lock_publishing(conn, slug)
    found = await _marked(conn, slug, mark)
    if not found.is_overtaken or found.draft is None or found.public is None:
        return
    await texts.save_draft(
        conn,
        slug,
        source=found.draft.source,
        base_text=found.public.text_id,
        is_open=True,
        saved_by=by.actor,
    )
    await audit.append(conn, by)


async def settle_set_aside(conn: Connection, slug: CampaignSlug, number: int, by: Done) -> None:
    """Note that somebody has looked at what was set aside."""
    if await texts.settle_set_aside(conn, slug, number, by.actor):
        await audit.append(conn, by)


async def archive_unpublished(conn: Connection, slug: CampaignSlug, by: Done) -> None:
    """Put a campaign away that was never public."""
    await queries.lock_publishing(conn, slug)
    await standing(conn, slug)
    await texts.archive_draft(conn, slug, is_archived=True)
    await audit.append(conn, by)


async def _marked(conn: Connection, slug: CampaignSlug, mark: Mark) -> Standing:
    found = await standing(conn, slug)
    if found.mark != mark:
        raise Overtaken("draft_overtaken", theirs=found.source, mine=found.source, mark=found.mark)
    return found


async def _keep(
    conn: Connection, found: CampaignFile, author: str, origin: Origin, message: str
) -> int:
    """Keep a text that is public from now on; what came from the folder is there already."""
    slug = found.document.slug
    return await texts.insert_text(
        conn,
        slug,
        version=await queries.newest_version(conn, slug),
        file=found.file,
        source=found.source,
        sha256=digest(found.source),
        author=author,
        origin=origin,
        message=message,
        at=await queries.platform_now(conn),
        is_mirrored=origin == "folder",
    )


async def _sold_elsewhere(conn: Connection, found: CampaignFile) -> list[Mistake]:
    """Return a mistake for each product that somebody else sells: stock is counted by product."""
    products = found.document.definition.add_ons
    if not products:
        return []
    sellers = await texts.products_elsewhere(conn, found.document.slug)
    return [
        Mistake(
            file=found.file,
            line=found.lines.get("campaign_add_ons", 1),
            field=f"campaign_add_ons[{number}].id",
            message=f"“{product.product_id}” is also sold in {sellers[product.product_id]}",
        )
        for number, product in enumerate(products)
        if product.product_id in sellers
    ]


def _set_aside(found: CampaignFile) -> Mistake:
    message = "was published from the dashboard since; this edit is set aside there"
    return Mistake(file=found.file, line=1, field="", message=message)
