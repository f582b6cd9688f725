"""Campaign texts from the dashboard: read, saved, published, and shown by every process at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from contracts.ids import CampaignSlug
from contracts.refusals import InputRefused, NotFound, Refusal
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import Pool, transaction
from services.site import queries
from services.site.admin import access
from services.site.admin.audit import Done
from services.site.admin.reviewers import Asked, Reviewer
from services.site.editing import handlers, reviewing
from services.site.editing.handlers import Unready
from services.site.editing.queries import previews, texts
from services.site.editing.queries.mirror import Mirrored, mirror_state
from services.site.editing.queries.reviewers import list_reviewers
from services.site.publishing.campaign_file import CampaignFile, read_campaign
from services.site.publishing.content import TIMEZONE
from services.site.publishing.model import CampaignDocument, Mistake, PlatformDocument
from services.site.publishing.plain import Fields, fields_of, text
from services.site.publishing.platform_file import platform_default
from services.site.publishing.rewriting import rewrite
from services.site.publishing.texts import Mark, Origin, SetAside, Standing, Text

log = telemetry.logger(__name__)

T = TypeVar("T")
Show = Callable[[CampaignSlug], Awaitable[None]]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A text, what it says as plain fields, and what is wrong in it."""

    source: str
    fields: Fields
    found: CampaignFile | None
    mistakes: tuple[Mistake, ...]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A text that somebody wants to be public, and what they had seen when they said so."""

    source: str
    mark: Mark
    by: Done
    origin: Origin = "dashboard"
    message: str = ""


class TextDesk:
    """What the dashboard's editors do with a campaign's text."""

    def __init__(self, pool: Pool, show: Show, *, timezone: str = TIMEZONE) -> None:
        self._pool = pool
        self._show = show
        self._timezone = timezone

    async def platform(self) -> PlatformDocument:
        """Return the platform's settings in force, by which a text is read."""
        stored = await queries.newest_platform(self._pool)
        return stored.document if stored else platform_default(self._timezone)

    async def standing(self, slug: str) -> Standing:
        """Return a campaign as its editors find it."""
        async with transaction(self._pool) as conn:
            return await handlers.standing(conn, CampaignSlug(slug))

    async def lines(self) -> list[texts.Line]:
        """Return every campaign there is to edit."""
        async with transaction(self._pool) as conn:
            return await texts.list_lines(conn)

    async def history(self, slug: str) -> list[Text]:
        """Return the texts that were public, the newest first."""
        async with transaction(self._pool) as conn:
            return await texts.list_texts(conn, CampaignSlug(slug))

    async def set_asides(self, slug: str) -> list[SetAside]:
        """Return what waits for somebody to look at it."""
        async with transaction(self._pool) as conn:
            return await texts.open_set_asides(conn, CampaignSlug(slug))

    async def mirror(self) -> Mirrored:
        """Return how the folder's repository and its remote fare."""
        async with transaction(self._pool) as conn:
            return await mirror_state(conn)

    async def read(self, source: str, file: str) -> Read:
        """Return what a text says. Reading YAML takes its time: not on the event loop."""
        platform = await self.platform()
        return await asyncio.to_thread(_read, source, file, platform)

    async def rewritten(self, source: str, wanted: Fields) -> str:
        """Return a text that says something else, with its remarks and its spelling."""
        return await asyncio.to_thread(rewrite, source, wanted)

    async def create(self, slug: CampaignSlug, source: str, by: Done) -> None:
        """Begin a campaign that nobody sees."""
        async with transaction(self._pool) as conn:
            await handlers.create(conn, slug, source, by)

    async def save(
        self, slug: str, mark: Mark, source: str, by: Done, *, is_noted: bool = True
    ) -> Mark:
        """Keep the working copy; return what the next form carries."""
        async with transaction(self._pool) as conn:
            return await handlers.save(
                conn, CampaignSlug(slug), mark, source, by, is_noted=is_noted
            )

    async def publish(self, slug: str, mark: Mark, by: Done, message: str = "") -> None:
        """Make the working copy public. Raises `Unready` with what has to be put right."""
        stands = await self.standing(slug)
        wish = Wish(source=stands.source, mark=mark, by=by, message=message)
        await self._publish(stands, wish)

    async def restore(self, slug: str, text_id: int, mark: Mark, by: Done) -> None:
        """Publish a text of before again, as a new version."""
        stands = await self.standing(slug)
        text = await self.text(slug, text_id)
        if stands.is_changed:
            raise InputRefused("draft_open", "Publish or give up the changes first.")
        wish = Wish(source=text.source, mark=mark, by=by, origin="restored", message=text.message)
        await self._publish(stands, wish)

    async def archive(self, slug: str, mark: Mark, by: Done) -> None:
        """Take a campaign from every public page; what it said stays."""
        stands = await self.standing(slug)
        if stands.public is None:
            async with transaction(self._pool) as conn:
                await handlers.archive_unpublished(conn, CampaignSlug(slug), by)
            return
        if stands.is_changed:
            raise InputRefused("draft_open", "Publish or give up the changes first.")
        fields = await asyncio.to_thread(fields_of, stands.source)
        hidden = await self.rewritten(stands.source, {**fields, "published": "false"})
        await self._make_public(stands, Wish(source=hidden, mark=mark, by=by, origin="archived"))

    async def give_up(self, slug: str, mark: Mark, by: Done) -> None:
        """Go back to the public text; the working copy is set aside."""
        async with transaction(self._pool) as conn:
            await handlers.give_up(conn, CampaignSlug(slug), mark, by)

    async def keep_on_top(self, slug: str, mark: Mark, by: Done) -> None:
        """Say that the working copy is to replace what became public since."""
        async with transaction(self._pool) as conn:
            await handlers.keep_on_top(conn, CampaignSlug(slug), mark, by)

    async def preview(self, slug: str, by: Done, asked: Asked) -> reviewing.Shared:
        """Make a link that shows the working copy for a day, and mail reviewers theirs.

        Raises `Unready` when it has mistakes: then there is no page to show.
        """
        stands = await self.standing(slug)
        read = await self.read(stands.source, stands.file)
        if read.found is None:
            raise Unready(list(read.mistakes))
        title = text(read.fields, "title") or slug
        shown = reviewing.Shown(slug=CampaignSlug(slug), title=title, source=stands.source)
        async with transaction(self._pool) as conn:
            return await reviewing.share(conn, shown, asked, by)

    async def reviewers(self, slug: str) -> list[Reviewer]:
        """Return who has a link to the working copy now."""
        async with transaction(self._pool) as conn:
            return await list_reviewers(conn, CampaignSlug(slug))

    async def take_back(self, slug: str, reviewer_id: int, by: Done) -> None:
        """End a reviewer's link."""
        async with transaction(self._pool) as conn:
            await reviewing.take_back(conn, CampaignSlug(slug), reviewer_id, by)

    async def previewed(self, slug: str, secret: str) -> CampaignDocument | None:
        """Return what a link shows; None when it does not work, or not any more."""
        async with transaction(self._pool) as conn:
            source = await previews.find_preview(conn, CampaignSlug(slug), access.digest(secret))
        if source is None:
            return None
        read = await self.read(source, f"{slug}.md")
        return read.found.document if read.found else None

    async def settle(self, slug: str, number: int, by: Done) -> None:
        """Note that somebody has looked at what was set aside."""
        async with transaction(self._pool) as conn:
            await handlers.settle_set_aside(conn, CampaignSlug(slug), number, by)

    async def text(self, slug: str, text_id: int) -> Text:
        """Return a text of before."""
        found = [each for each in await self.history(slug) if each.text_id == text_id]
        if not found:
            raise NotFound("unknown_text", "There is no such version.")
        return found[0]

    async def _publish(self, stands: Standing, wish: Wish) -> None:
        """Publish a text for everybody: what was hidden until now is shown."""
        fields = await asyncio.to_thread(fields_of, wish.source)
        if fields.get("published") == "false":
            shown = {name: value for name, value in fields.items() if name != "published"}
            source = await self.rewritten(wish.source, shown)
            wish = msgspec.structs.replace(wish, source=source)
        await self._make_public(stands, wish)

    async def _make_public(self, stands: Standing, wish: Wish) -> None:
        read = await self.read(wish.source, stands.file)
        mistakes = [*read.mistakes, *_lacking(read, stands)]
        if read.found is None or mistakes:
            raise Unready(mistakes)
        async with transaction(self._pool) as conn:
            await handlers.publish(
                conn, read.found, wish.mark, wish.by, origin=wish.origin, message=wish.message
            )
            crash.point("site.before_text_published")
        crash.point("site.after_text_published")
        log.info("text_published", campaign=stands.slug, origin=wish.origin)
        await self._show(stands.slug)


async def tried(work: Awaitable[T]) -> T | Refusal:
    """Return what came of it, or why it was refused: for whoever answers a script."""
    try:
        return await work
    except Refusal as refusal:
        return refusal


def _read(source: str, file: str, platform: PlatformDocument) -> Read:
    found, mistakes = read_campaign(source.encode(), file=file, platform=platform)
    return Read(source=source, fields=fields_of(source), found=found, mistakes=tuple(mistakes))


def _lacking(read: Read, stands: Standing) -> list[Mistake]:
    """Return what a campaign must have before it is shown, beside being without mistakes."""
    if read.found is None:
        return []
    definition, lines = read.found.document.definition, read.found.lines
    wrong = []
    if definition.goal_cents <= 0:
        wrong.append(("goal_amount", "must be more than 0"))
    if definition.slug != stands.slug:
        wrong.append(("slug", "is in every link and cannot be changed"))
    return [
        Mistake(file=stands.file, line=lines.get(field, 1), field=field, message=message)
        for field, message in wrong
    ]
