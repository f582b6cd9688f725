"""What is done with uploads beside the requests: scaled to every size, and swept.

A picture is taken with a lease. Whoever dies half-way leaves the sizes that were made; after the
lease somebody else makes the others. Every size appears whole, so two who do it do no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable

from services.chassis.process import telemetry
from services.chassis.storage.database import Pool, transaction
from services.chassis.storage.leader import led
from services.site.admin.queries import media as queries
from services.site.admin.queries import media_files as files
from services.site.media.library import REMOVED_KEPT, UNUSED_KEPT, File, used_in
from services.site.media.press import Press
from services.site.media.store import Store
from services.site.publishing.scaling import WIDTHS

log = telemetry.logger(__name__)

LOOK_SECONDS, SWEEP_SECONDS = 1.0, 60.0
SWEEPER = "the platform"


class Workshop:
    """Scales what is waiting. Should two work at once, the row is the lock."""

    def __init__(self, pool: Pool, store: Store, press: Press) -> None:
        self._pool = pool
        self._store = store
        self._press = press

    async def make_next(self) -> bool:
        """Scale one picture; tell whether there was any."""
        async with transaction(self._pool) as conn:
            file = await files.claim_file(conn)
        if file is None:
            return False
        widths = tuple(width for width in WIDTHS if width < (file.width or 0))
        trouble = await self._make(file, widths)
        async with transaction(self._pool) as conn:
            if trouble:
                log.warning("picture_not_scaled", file=file.name, error=trouble)
                await files.fail_file(conn, file.name, trouble)
            else:
                await files.finish_file(conn, file.name, widths)
        return True

    async def make_all(self) -> None:
        """Scale whatever is waiting."""
        while await self.make_next():
            pass

    async def _make(self, file: File, widths: tuple[int, ...]) -> str:
        """Make the sizes that are not there; return why it failed, empty when it did not."""
        source = self._store.place(file.name)
        if not await asyncio.to_thread(source.is_file):
            return "missing"
        for width in sorted(widths, reverse=True):
            if await asyncio.to_thread(self._store.place(file.name, width).is_file):
                continue
            part = await asyncio.to_thread(self._store.part)
            try:
                if trouble := await self._press.scale(source, {width: part}):
                    return trouble
                await asyncio.to_thread(self._store.keep, part, file.name, width)
            finally:
                part.unlink(missing_ok=True)
        return ""


class Sweeper:
    """Lets go of what no page names any more, after a while in which it could come back."""

    def __init__(self, pool: Pool, store: Store) -> None:
        self._pool = pool
        self._store = store

    async def sweep(self) -> None:
        """Note what is used, take out what long was not, and delete what nobody has."""
        await asyncio.to_thread(self._store.sweep_parts)
        async with transaction(self._pool) as conn:
            uses = used_in(await queries.list_documents(conn))
            await files.mark_uses(conn, uses)
            await files.remove_unused(conn, UNUSED_KEPT, SWEEPER)
            orphans = await files.list_orphans(conn, REMOVED_KEPT)
        for name in orphans:
            if name not in uses:
                await self._delete(name)

    async def _delete(self, name: str) -> None:
        """Delete a file, unless somebody uploads it again at this moment."""
        async with transaction(self._pool) as conn:
            await files.lock_file(conn, name)
            widths = await files.drop_file(conn, name, REMOVED_KEPT)
            if widths is None:
                return
            # Before the commit: should we die here, the row says it is there, and the next
            # sweep deletes what is left.
            await asyncio.to_thread(self._store.remove, name, WIDTHS)
        log.info("media_deleted", file=name)


def workshop_loops(pool: Pool, store: Store) -> list[Callable[[], Awaitable[None]]]:
    """Return what a worker does with uploads, for ever."""
    workshop, sweeper = Workshop(pool, store, Press()), Sweeper(pool, store)

    return [
        led(pool, "site:scale_uploads", workshop.make_all, every_seconds=LOOK_SECONDS),
        led(pool, "site:sweep_media", sweeper.sweep, every_seconds=SWEEP_SECONDS),
    ]
