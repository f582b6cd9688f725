"""Every campaign in this process's memory: loaded at start, kept fresh by events.

A view of a page or a snapshot reads only this. Broadcasts bring changes at once; a cheap
question to Postgres every few seconds brings what a broadcast missed.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import asyncpg
import msgspec
from nats.aio.msg import Msg

from contracts.campaign import PlatformDefinition
from contracts.events.checkout import AddOnStockChanged
from contracts.ids import CampaignSlug
from contracts.live import LiveSnapshot, LiveTier
from contracts.subjects import SNAPSHOT_CHANGED
from services.chassis.events.bus import Bus
from services.chassis.process import telemetry
from services.chassis.storage.clock import PlatformClock
from services.chassis.storage.database import DATABASE_BUSY, Pool
from services.site import domain, queries
from services.site.live.snapshots import Board
from services.site.public.add_ons import ADD_ON
from services.site.public.state import AddOnContent, CampaignContent, CampaignState
from services.site.publishing.model import CampaignDocument
from services.site.publishing.present import present, present_add_ons
from services.site.publishing.shown_media import Media

log = telemetry.logger(__name__)

REFRESH_SECONDS = 3.0
STALE_SECONDS = 60.0
FLIP_SECONDS = 0.5
NOT_YET_MIGRATED = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign's newest version, ready to be shown."""

    version: int
    document: CampaignDocument
    content: CampaignContent
    published_at: datetime


class World:
    """What is known, and who wants to hear that it changed."""

    def __init__(self, pool: Pool, clock: PlatformClock, board: Board, *, media: Media) -> None:
        self.clock = clock
        self.board = board
        self.platform = PlatformDefinition(version=0)
        self.platform_add_ons: dict[str, AddOnContent] = {}
        self.branding: dict[str, str] = {}
        self.campaigns: dict[CampaignSlug, Known] = {}
        self.figures: dict[CampaignSlug, domain.Figures] = {}
        self._add_on_stock: AddOnStockChanged | None = None
        self.is_loaded = False
        # Called with a slug, or with None when the platform's own settings changed.
        self.heard: list[Callable[[CampaignSlug | None], None]] = []
        self._pool = pool
        self._media = media
        self._lock = asyncio.Lock()
        self._fresh_at = 0.0

    @property
    def is_stale(self) -> bool:
        """Tell whether it is long ago that anybody confirmed what is shown."""
        return self.is_loaded and time.monotonic() - self._fresh_at > STALE_SECONDS

    def is_public(self, slug: str) -> bool:
        """Tell whether there is such a campaign for everybody."""
        known = self.campaigns.get(CampaignSlug(slug))
        return known is not None and known.document.is_published

    def titles(self) -> dict[str, str]:
        """Return every campaign there is, hidden ones as well, by title."""
        found = ((slug, each.document.definition.title) for slug, each in self.campaigns.items())
        return dict(sorted(found, key=lambda pair: pair[1].casefold()))

    def snapshots(self) -> list[LiveSnapshot]:
        """Return how every campaign stands, hidden ones as well, by title."""
        now = self.clock.now()
        return [
            domain.snapshot(
                self.campaigns[CampaignSlug(slug)].document.definition,
                self.figures_of(CampaignSlug(slug)),
                now,
            )
            for slug in self.titles()
        ]

    def state(self, slug: str) -> CampaignState | None:
        """Return a campaign as it stands, None when there is no such public campaign."""
        known = self.campaigns.get(CampaignSlug(slug))
        if known is None or not known.document.is_published:
            return None
        return _state(known, self.figures_of(known.document.slug))

    def as_it_would_be(self, document: CampaignDocument) -> CampaignState:
        """Return how a text would be shown if it were public."""
        content, at = present(document, self._media), self.clock.now()
        known = Known(version=0, document=document, content=content, published_at=at)
        return _state(known, self.figures_of(document.slug))

    def listed(self) -> list[CampaignState]:
        """Return the campaigns that may be listed."""
        return [
            _state(known, self.figures_of(slug))
            for slug, known in self.campaigns.items()
            if known.document.is_published
            and known.document.is_listed
            and not known.document.definition.is_test_only
        ]

    def figures_of(self, slug: CampaignSlug) -> domain.Figures:
        """Return the figures of a campaign; nobody reported any for a new one."""
        return self.figures.get(slug) or domain.Figures(slug=slug)

    def add_on_stock(self) -> dict[str, LiveTier]:
        """Return the stock of the platform's own products, the same for every campaign."""
        told = self._add_on_stock
        return domain.add_on_stock_of(self.platform.add_ons, told.add_ons if told else {})

    async def load(self) -> None:
        """Read everything anew: texts, pictures and figures."""
        async with self._lock:
            await self._load_campaigns(None)
            await self._refresh_figures()
        self.is_loaded = True

    async def refresh(self) -> None:
        """Read what is newer in the database than here."""
        async with self._lock:
            await self._refresh_figures()

    async def _load_platform(self) -> None:
        stored = await queries.newest_platform(self._pool)
        if stored and stored.document.definition != self.platform:
            self.platform = stored.document.definition
            self.branding = stored.document.branding
            # Reads picture headers: not work for the event loop.
            self.platform_add_ons = await asyncio.to_thread(
                present_add_ons, stored.document.add_on_texts, self._media
            )
            self._tell(None)

    async def _load_campaigns(self, slugs: list[str] | None) -> None:
        await self._load_platform()
        for each in await queries.all_newest_campaigns(self._pool, slugs):
            # Reads picture headers and renders Markdown: not work for the event loop.
            known = await asyncio.to_thread(self._known, each)
            # A picture may be another one although the file says the same as before.
            if known is not None and self.campaigns.get(each.slug) != known:
                self.campaigns[each.slug] = known
                self._changed(each.slug)

    def _known(self, found: queries.FoundCampaign) -> Known | None:
        """Return a version ready to be shown, None when this release cannot read it.

        During an upgrade a newer process may have written it; the last one we knew stays.
        """
        try:
            document = msgspec.convert(found.document, CampaignDocument)
        except msgspec.ValidationError as exc:
            log.error("version_not_readable", campaign=found.slug, error=str(exc))
            return None
        return Known(
            version=found.version,
            document=document,
            content=present(document, self._media),
            published_at=found.published_at,
        )

    async def _refresh_figures(self) -> None:
        if await queries.newest_platform_version(self._pool) > self.platform.version:
            await self._load_platform()
        newest = await queries.freshness(self._pool)
        newer = [each.slug for each in newest if each.version > self.figures_of(each.slug).version]
        if newer:
            for figures in await queries.figures(self._pool, list(newer)):
                self.apply(figures)
        version = self._add_on_stock.version if self._add_on_stock else 0
        newer_stock = await queries.newer_add_on_stock(self._pool, version)
        self._add_on_stock = newer_stock or self._add_on_stock
        behind = [slug for slug in newer if self._lacks_definition(slug)]
        if behind:
            await self._load_campaigns(list(behind))
        self._fresh_at = time.monotonic()

    def apply(self, figures: domain.Figures) -> bool:
        """Take figures over if they are newer than ours; tell whether they were."""
        if figures.version <= self.figures_of(figures.slug).version:
            return False
        self.figures[figures.slug] = figures
        self._changed(figures.slug)
        return True

    def _lacks_definition(self, slug: CampaignSlug) -> bool:
        known = self.campaigns.get(slug)
        return self.figures_of(slug).definition_version > (known.version if known else 0)

    def _changed(self, slug: CampaignSlug) -> None:
        known = self.campaigns.get(slug)
        if known is None:
            return
        if known.document.is_published:
            self.board.show(known.document.definition, self.figures_of(slug), self.clock.now())
        else:
            self.board.hide(slug)
        self._tell(slug)

    def _tell(self, slug: CampaignSlug | None) -> None:
        for hear in self.heard:
            hear(slug)

    async def keep_fresh(self) -> None:
        """Load, then ask Postgres every few seconds; while it is away show what we have."""
        while True:
            try:
                await (self.refresh() if self.is_loaded else self.load())
            except (*DATABASE_BUSY, *NOT_YET_MIGRATED, msgspec.ValidationError) as exc:
                telemetry.LOOP_FAILURES.labels("world").inc()
                log.warning("world_not_refreshed", error=type(exc).__name__)
            await asyncio.sleep(REFRESH_SECONDS if self.is_loaded else 0.2)

    async def listen(self, bus: Bus) -> None:
        """Take over what other processes broadcast."""

        async def hear(message: Msg) -> None:
            try:
                figures = msgspec.json.decode(message.data, type=domain.Figures)
            except msgspec.DecodeError:
                # A broadcast of another release: the regular question brings the news.
                return
            if self.apply(figures) and self._lacks_definition(figures.slug):
                async with self._lock:
                    await self._load_campaigns([figures.slug])

        await bus.listen(f"{SNAPSHOT_CHANGED}.*", hear)
        await asyncio.Event().wait()

    async def watch_clock(self) -> None:
        """Notice starts and deadlines within half a second of their instant."""
        while True:
            now = self.clock.now()
            for slug, known in self.campaigns.items():
                shown = self.board.get(slug)
                if shown is None:
                    continue
                definition, figures = known.document.definition, self.figures_of(slug)
                if domain.effective_state(definition, figures, now) != shown.state:
                    self._changed(slug)
            await asyncio.sleep(FLIP_SECONDS)


def _state(known: Known, figures: domain.Figures) -> CampaignState:
    definition = known.document.definition
    totals, closing = figures.totals, figures.closing
    state = CampaignState(
        definition=definition,
        content=known.content,
        stock=domain.stock_of(definition, figures),
        add_on_left={
            f"{ADD_ON}{name}": stock.remaining
            for name, stock in domain.add_on_stock_of(
                definition.add_ons, figures.stock.add_ons if figures.stock else {}
            ).items()
        },
        is_closed=closing is not None,
        is_funded=domain.is_funded(definition, figures),
        is_settled=figures.settled_at is not None,
        is_cancelled=figures.cancelled_at is not None,
    )
    if totals is None:
        return state
    return msgspec.structs.replace(
        state,
        pledged_cents=totals.pledged_cents,
        pledge_count=totals.pledge_count,
        supporter_count=totals.supporter_count,
        tier_counts=totals.tier_counts,
        support_item_cents=totals.support_item_cents,
        collected_cents=totals.collected_cents,
        recovering_cents=totals.recovering_cents,
        lost_cents=totals.lost_cents,
        returned_cents=totals.returned_cents,
        late_support_cents=totals.late_support_cents,
    )
