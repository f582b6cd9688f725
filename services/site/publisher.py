"""Publishing a folder: each file in its own transaction, so that one never holds up another."""

import asyncio
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from contracts.refusals import Unavailable
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction
from services.site import handlers, queries
from services.site.editing import handlers as texts
from services.site.editing import platform_texts as platform
from services.site.editing.queries import mirror
from services.site.live.announcing import Announcer
from services.site.live.world import NOT_YET_MIGRATED
from services.site.publishing.content import PLATFORM_FILE, Folder, read_folder
from services.site.publishing.model import Mistake
from services.site.publishing.platform_file import platform_default, read_platform

log = telemetry.logger(__name__)

RETRY_SECONDS = 1.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a publish did."""

    published: tuple[str, ...]
    unchanged: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    platform_published: bool = False


def held_platform(folder: Path) -> str | None:
    """Return what the folder's file says, None when there is none or it is no text."""
    try:
        return (folder / PLATFORM_FILE).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None


async def write_platform(pool: Pool, folder: Path) -> None:
    """Write the settings in force into the folder's file, unless somebody edited it there.

    A folder that can't be written to lacks them; the rows are what holds.
    """
    async with transaction(pool) as conn:
        await queries.lock_publishing(conn, handlers.PLATFORM)
        text = await platform.to_write(conn, await asyncio.to_thread(held_platform, folder))
        if text is None:
            return
        try:
            await asyncio.to_thread(_replace, folder / PLATFORM_FILE, text.source)
        except OSError as exc:
            log.warning("platform_not_written", error=type(exc).__name__)
            return
        await mirror.keep_file(conn, platform.SLUG, PLATFORM_FILE, text.sha256)


def _replace(file: Path, source: str) -> None:
    with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as part:
        part.write(source)
    Path(part.name).chmod(0o644)
    Path(part.name).replace(file)


class Publisher:
    """Publishes what changed in one content folder."""

    def __init__(self, pool: Pool, announcer: Announcer, *, folder: Path, timezone: str) -> None:
        self._pool = pool
        self._announcer = announcer
        self._folder = folder
        self._timezone = timezone
        self._has_started = False

    async def publish(self) -> Outcome:
        """Publish every good file that says something new. Safe to repeat and to race."""
        is_platform_new, mistakes = await self._publish_platform()
        stored = await queries.newest_platform(self._pool)
        folder = await asyncio.to_thread(
            read_folder,
            self._folder,
            timezone=self._timezone,
            in_force=stored.document if stored else None,
        )
        folder = msgspec.structs.replace(folder, mistakes=(*folder.mistakes, *mistakes))
        outcome = await self._publish_campaigns(folder, is_platform_new)
        log.info(
            "published",
            published=len(outcome.published),
            unchanged=len(outcome.unchanged),
            mistakes=len(outcome.mistakes),
        )
        return outcome

    async def _publish_platform(self) -> tuple[bool, list[Mistake]]:
        """Publish the platform's settings, and write into the folder what it lacks of them.

        A mistake in the file is told of when the folder is read; until then nothing changes.
        """
        async with transaction(self._pool) as conn:
            # Under the lock: what was read before it may be what another process just replaced.
            await queries.lock_publishing(conn, handlers.PLATFORM)
            source = await asyncio.to_thread(held_platform, self._folder)
            document, _ = read_platform(
                (source or "").encode(), file=PLATFORM_FILE, timezone=self._timezone
            )
            is_new, mistakes = False, list[Mistake]()
            if document is not None and source is not None:
                is_new, mistakes = await platform.import_file(conn, source, document)
            elif await queries.newest_platform(conn) is None:
                default = document or platform_default(self._timezone)
                is_new = await handlers.publish_platform(conn, default)
        await write_platform(self._pool, self._folder)
        return is_new, mistakes

    async def _publish_campaigns(self, folder: Folder, is_platform_new: bool) -> Outcome:
        published: list[str] = []
        unchanged: list[str] = []
        mistakes = list(folder.mistakes)
        for found in folder.campaigns:
            slug = found.document.slug
            async with transaction(self._pool) as conn:
                result = await texts.import_file(conn, found)
                crash.point("site.before_published")
            crash.point("site.after_published")
            if isinstance(result, list):
                mistakes += result
            elif result:
                published.append(slug)
            else:
                unchanged.append(slug)
        return Outcome(
            published=tuple(published),
            unchanged=tuple(unchanged),
            mistakes=tuple(mistakes),
            platform_published=is_platform_new,
        )

    async def publish_found(self) -> None:
        """Publish what somebody edited in the folder, and say what could not be."""
        self._report(await self.publish())

    async def try_at_start(self) -> None:
        """Publish before the first request is answered, if the database is there already."""
        try:
            self._report(await self.publish())
            self._has_started = True
        except (*DATABASE_BUSY, *NOT_YET_MIGRATED, Unavailable) as exc:
            log.warning("publish_waits", error=type(exc).__name__)

    async def publish_at_start(self) -> None:
        """Publish once after the start, as soon as the database is there."""
        while not self._has_started:
            await asyncio.sleep(RETRY_SECONDS)
            await self.try_at_start()
        await asyncio.Event().wait()

    def _report(self, outcome: Outcome) -> None:
        for slug in outcome.published:
            self._announcer.note(slug)
        for mistake in outcome.mistakes:
            log.warning(
                "content_mistake",
                file=mistake.file,
                line=mistake.line,
                field=mistake.field,
                message=mistake.message,
            )
