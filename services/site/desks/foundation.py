"""What the dashboard stands on, and what of it every visit needs."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from litestar.datastructures import Cookie

from contracts.live import LiveSnapshot
from contracts.refusals import TooMany, Unavailable
from services.chassis.storage.database import Pool
from services.chassis.web.limiter import Limiter
from services.site.asking.operators import Operator
from services.site.asking.watch import Watch
from services.site.desks.texts import TextDesk
from services.site.door.admission import RETRY_SECONDS, Admission
from services.site.door.headers import Policy
from services.site.media.library import UPLOADS_PER_MINUTE
from services.site.media.press import Press
from services.site.media.store import Store
from services.site.public.frame import SiteFrame


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """The content folder, what else this process was told, and how pages follow what is saved."""

    folder: Path
    timezone: str
    show: Callable[[], Awaitable[None]]
    # What was set, by name; of a secret only whether it was.
    facts: Mapping[str, str]
    secrets: Mapping[str, bool]


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """What the dashboard stands on."""

    pool: Pool
    admission: Admission
    limiter: Limiter
    policy: Policy
    client_of: Callable[[Any], str]
    frame: Callable[[], SiteFrame]
    titles: Callable[[], Mapping[str, str]]
    snapshots: Callable[[], list[LiveSnapshot]]
    is_public: Callable[[str], bool]
    now: Callable[[], datetime]
    texts: TextDesk
    operator: Operator
    watch: Watch
    store: Store
    content: Content
    press: Press
    network_key: bytes
    is_https: bool

    def cookie_name(self, name: str) -> str:
        """Return a cookie's name: where it can be, one that only this host may set."""
        return f"__Host-{name}" if self.is_https else name

    def cookie(self, name: str, value: str, seconds: int) -> Cookie:
        """Return a cookie that no script reads and no other site sends."""
        return Cookie(
            key=self.cookie_name(name),
            value=value,
            max_age=seconds,
            path="/",
            secure=self.is_https,
            httponly=True,
            samesite="strict",
        )

    async def part_for(self, session_id: str) -> Path:
        """Return an empty file for what somebody uploads; it is theirs to delete.

        Uploads are limited by session; where limits can't be shared nobody uploads.
        Source: reliability 5.4.
        """
        if self.limiter.is_degraded:
            raise Unavailable("limits_away", "Uploads wait until limits can be counted again.")
        if not await self.limiter.spend(f"upload:{session_id}", UPLOADS_PER_MINUTE):
            raise TooMany(
                "too_many_requests", "Too many tries. Wait.", retry_after_seconds=RETRY_SECONDS
            )
        await asyncio.to_thread(self.store.require_room)
        return await asyncio.to_thread(self.store.part)
