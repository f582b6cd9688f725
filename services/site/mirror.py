"""The content folder follows the rows: publishes become commits, edits by hand are published.

One process does it at a time. The rows are the truth: whatever stops here is taken up again,
and a publish waits for nobody.
"""

import asyncio
import re
import time
from pathlib import Path

from dulwich.errors import GitProtocolError, NotGitRepository
from urllib3.exceptions import HTTPError

from contracts.ids import CampaignSlug, is_slug
from contracts.refusals import Unavailable
from services.chassis.process import crash, telemetry
from services.chassis.process.parts import Loop
from services.chassis.process.settings import Secret
from services.chassis.storage.database import DATABASE_BUSY, Pool, transaction
from services.chassis.storage.leader import led
from services.site.editing import handlers
from services.site.editing import platform_texts as platform
from services.site.editing.git_folder import Exchanged, Moved, Overruled, Repository
from services.site.editing.queries import mirror as queries
from services.site.editing.queries import platform_texts as platform_queries
from services.site.publisher import Publisher, held_platform
from services.site.publishing.content import PLATFORM_FILE
from services.site.publishing.plain import fields_of, text
from services.site.publishing.texts import Text, digest
from services.site.queries import lock_publishing, platform_now
from services.site.settings import Settings

log = telemetry.logger(__name__)

WAIT_SECONDS_MAX = 300.0
EXCHANGE_SECONDS = 60.0
EXCHANGE_EVERY_SECONDS = 30.0
ADDRESS = re.compile(r"\S*://\S*|\S+@\S+")
FAULTS = (OSError, Moved, HTTPError, GitProtocolError, NotGitRepository, TimeoutError)


class ContentMirror:
    """Keeps one content folder, its repository and its remote in step with the rows."""

    def __init__(
        self,
        pool: Pool,
        publisher: Publisher,
        folder: Path,
        *,
        remote: Secret,
        look_seconds: float,
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._folder = folder
        self._repository = Repository(folder)
        self._remote = remote
        self._look_seconds = look_seconds
        self._seen = self._published = self._repository.looks()
        self._looked_at = time.monotonic()
        self._tries = 0
        self._try_at = 0.0
        self._exchange_at = 0.0
        self._exchange: asyncio.Task[Exchanged] | None = None

    async def tick(self) -> None:
        """Do what there is to do. A fault is shown in the dashboard and tried again, later."""
        await self._look()
        if time.monotonic() < self._try_at:
            return
        try:
            is_done = await self._write_all()
            is_done |= await self._write_platform()
            is_done |= await self._follow_remote(is_due=is_done)
        except FAULTS as exc:
            await self._failed(exc)
        else:
            if self._tries or is_done:
                self._tries = 0
                await queries.note_mirror(self._pool, "")

    async def _look(self) -> None:
        """Publish what was edited by hand, once nobody types any more."""
        if not self._look_seconds or time.monotonic() - self._looked_at < self._look_seconds:
            return
        self._looked_at = time.monotonic()
        before, self._seen = self._seen, await asyncio.to_thread(self._repository.looks)
        if self._seen == self._published or self._seen != before:
            return
        published, self._published = self._published, self._seen
        try:
            await self._publisher.publish_found()
        except (*DATABASE_BUSY, Unavailable):
            # Nobody edits it once more for that: it is published at the next look.
            self._published = published
            raise

    async def _write_all(self) -> bool:
        """Write what the folder lacks, in the order it was published."""
        waiting = await queries.texts_to_mirror(self._pool)
        for each in waiting:
            await self._write(each)
        return bool(waiting)

    async def _write(self, each: Text) -> None:
        found = await asyncio.to_thread(self._repository.on_disk, each.file)
        async with transaction(self._pool) as conn:
            await handlers.keep_edit(conn, each, found)
        message = f"{each.slug}: {each.message or 'published from the dashboard'}\n\n"
        commit_id = await asyncio.to_thread(
            self._repository.put,
            each.file,
            each.source,
            author=each.author,
            message=f"{message}Version {each.version}, text {each.text_id}.\n",
            at=each.published_at.timestamp(),
        )
        crash.point("site.before_mirrored")
        async with transaction(self._pool) as conn:
            await queries.mark_mirrored(conn, each.text_id, commit_id)
            await queries.keep_file(conn, each.slug, each.file, digest(each.source))
        log.info("text_mirrored", campaign=each.slug, commit=commit_id)

    async def _write_platform(self) -> bool:
        """Commit the settings in force, when they were saved in the dashboard.

        Nobody publishes meanwhile: the file is read and written under the lock.
        """
        if not await platform_queries.has_to_mirror(self._pool):
            return False
        async with transaction(self._pool) as conn:
            await lock_publishing(conn, platform.SLUG)
            held = await asyncio.to_thread(held_platform, self._folder)
            text = await platform.to_commit(conn, held)
            if text is None:
                return False
            await asyncio.to_thread(
                self._repository.put,
                PLATFORM_FILE,
                text.source,
                author=text.author,
                message=f"platform: saved in the dashboard\n\nVersion {text.version}.\n",
                at=text.published_at.timestamp(),
            )
            await platform.note_committed(conn, text)
        log.info("platform_mirrored", version=text.version)
        return True

    async def _follow_remote(self, *, is_due: bool) -> bool:
        """Exchange with the remote after a commit, and now and then; tell whether it was done."""
        remote = self._remote.reveal()
        now = time.monotonic()
        if not remote or not self._repository.has_git:
            return False
        if self._exchange is None:
            if not is_due and not self._tries and now < self._exchange_at:
                return False
            self._exchange_at = now + EXCHANGE_EVERY_SECONDS
            async with transaction(self._pool) as conn:
                at = await platform_now(conn)
            self._exchange = asyncio.create_task(
                asyncio.to_thread(self._repository.exchange, remote, at=at.timestamp())
            )
        # A remote that hangs keeps its thread; no second one is begun beside it.
        done = await asyncio.wait_for(asyncio.shield(self._ended()), EXCHANGE_SECONDS)
        await queries.note_pushed(self._pool, done.head)
        await self._taken_over(done)
        return True

    async def _ended(self) -> Exchanged:
        assert self._exchange is not None
        try:
            return await self._exchange
        finally:
            self._exchange = None

    async def _taken_over(self, done: Exchanged) -> None:
        for each in done.overruled:
            slug = _slug_of(each)
            if slug is not None:
                async with transaction(self._pool) as conn:
                    await handlers.keep_overruled(conn, slug, each.file, each.source)
        if done.brought:
            await self._publisher.publish_found()

    async def _failed(self, exc: BaseException) -> None:
        self._tries += 1
        wait = min(WAIT_SECONDS_MAX, 2.0**self._tries)
        self._try_at = time.monotonic() + wait
        telemetry.LOOP_FAILURES.labels("content-mirror").inc()
        # An address may carry a password.
        said = ADDRESS.sub("…", str(exc))[:200]
        log.warning("content_not_mirrored", error=type(exc).__name__, said=said)
        await queries.note_mirror(self._pool, f"{type(exc).__name__}: {said}")


def content_loops(pool: Pool, publisher: Publisher, settings: Settings) -> list[Loop]:
    """Return what publishes the content folder, and keeps it and its repository in step."""
    mirror = ContentMirror(
        pool,
        publisher,
        Path(settings.campaigns_dir),
        remote=settings.content_remote,
        look_seconds=settings.content_look_seconds,
    )
    return [publisher.publish_at_start, led(pool, "content-mirror", mirror.tick)]


def _slug_of(each: Overruled) -> CampaignSlug | None:
    try:
        slug = text(fields_of(each.source), "slug")
    except ValueError:
        return None
    return CampaignSlug(slug) if is_slug(slug) else None
