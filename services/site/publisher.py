"""Publishing a folder: each file in its own transaction, so that one never holds up another."""

import asyncio
from pathlib import Path

import msgspec

from contracts.refusals import Unavailable
from services.chassis.process import crash, telemetry
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction
from services.site import handlers, queries
from services.site.editing import handlers as texts
from services.site.live.announcing import Announcer
from services.site.live.world import NOT_YET_MIGRATED
from services.site.publishing.content import Folder, read_folder
from services.site.publishing.model import Mistake

log = telemetry.logger(__name__)

RETRY_SECONDS = 1.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a publish did."""

    published: tuple[str, ...]
    unchanged: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    platform_published: bool = False


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
        stored = await queries.newest_platform(self._pool)
        folder = await asyncio.to_thread(
            read_folder,
            self._folder,
            timezone=self._timezone,
            last_good=stored.document if stored else None,
        )
        async with transaction(self._pool) as conn:
            is_platform_new = await handlers.publish_platform(conn, folder.platform)
        outcome = await self._publish_campaigns(folder, is_platform_new)
        log.info(
            "published",
            published=len(outcome.published),
            unchanged=len(outcome.unchanged),
            mistakes=len(outcome.mistakes),
        )
        return outcome

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
