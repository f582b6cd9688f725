"""Pages prepared as bytes: made when something changes, never when somebody looks.

A page is made again at most once a second, and once a minute while it shows time left.
A page that cannot be made stays as it was; the others go on.
"""

import asyncio
import gzip
import hashlib
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from contracts.ids import CampaignSlug
from services.chassis.process import telemetry
from services.site.cart.shown import CartPage
from services.site.live.world import World
from services.site.manage.page import shell
from services.site.public import lists, pages, render
from services.site.public.frame import SiteFrame
from services.site.public.language import LANGUAGES, Language
from services.site.public.state import CampaignContent

P = TypeVar("P")

log = telemetry.logger(__name__)

TICK_SECONDS = 0.25
REST_SECONDS = 1.0
CLOCK_SECONDS = 60.0
PACK_LEVEL = 6
TEXTS = ("about", "terms", "privacy", render.CHECKLIST)
ERRORS = (400, 404, 500, 503)

Key = tuple[str, Language]
"""A page's name, such as `home` or `campaign:<slug>`, and its language."""


class Prepared(msgspec.Struct, frozen=True):
    """A page, ready to be sent.

    `image_origins` are the foreign places its pictures are at, `frame_origins` those of the
    players that a person can open on it.
    """

    body: bytes
    packed: bytes
    etag: str
    image_origins: tuple[str, ...] = ()
    frame_origins: tuple[str, ...] = ()


class Shelf:
    """Every page of the site in every language."""

    def __init__(self, world: World, frame: Callable[[], SiteFrame]) -> None:
        self._world = world
        self._frame = frame
        self._pages: dict[Key, Prepared] = {}
        self._waiting: set[CampaignSlug] = set()
        self._is_frame_new = True
        self._is_home_old = True
        self._made_at: dict[str, float] = {}

    def get(self, name: str, language: Language) -> Prepared | None:
        """Return a page as it was last made."""
        return self._pages.get((name, language))

    def frame(self) -> SiteFrame:
        """Return what is around every page, for those that are made when they are asked for."""
        return self._frame()

    def image_origins(self) -> tuple[str, ...]:
        """Return the foreign places pictures of the listed campaigns are at."""
        states = self._world.listed()
        return tuple(sorted({each for state in states for each in _origins(state.content)}))

    def heard(self, slug: CampaignSlug | None) -> None:
        """Note that a campaign, or with None what is around every page, changed."""
        if slug is None:
            self._is_frame_new = True
        else:
            self._waiting.add(slug)
        self._is_home_old = True

    async def run(self) -> None:
        """Make what changed, for ever."""
        while True:
            await self.make_changed()
            await asyncio.sleep(TICK_SECONDS)

    async def make_changed(self, *, at_once: bool = False) -> None:
        """Make the pages that changed and have rested for a second; all of them `at_once`."""
        if self._is_frame_new:
            self._is_frame_new = False
            self._make_fixed()
            self._waiting |= set(self._world.campaigns)
            self._is_home_old = True
        if not self._world.is_loaded:
            # A page without its campaigns would say that there are none.
            return
        self._note_clocks()
        for slug in [slug for slug in self._waiting if at_once or self._has_rested(slug)]:
            self._waiting.discard(slug)
            await self._make_campaign(slug)
        if self._is_home_old and (at_once or self._has_rested("home")):
            self._is_home_old = False
            await self._make_home()

    def _has_rested(self, name: str) -> bool:
        return time.monotonic() - self._made_at.get(name, -REST_SECONDS) >= REST_SECONDS

    def _note_clocks(self) -> None:
        """Note the pages that show time left and have shown the same for a minute."""
        moment = time.monotonic()
        for slug in self._world.campaigns:
            shown = self._world.board.get(slug)
            is_counting = shown is not None and shown.state in ("upcoming", "live")
            if is_counting and moment - self._made_at.get(slug, moment) >= CLOCK_SECONDS:
                self.heard(slug)

    def _make_fixed(self) -> None:
        frame = self._frame()
        for language in LANGUAGES:
            for name in TEXTS:
                self._put(name, language, partial(render.render_text, name, language, frame))
            for status in ERRORS:
                make = partial(render.render_error, status, language, frame)
                self._put(f"error:{status}", language, make)
            self._put("manage", language, partial(render.render_manage, shell(language), frame))
            empty = CartPage(language=language, is_shell=True)
            self._put("cart", language, partial(render.render_cart, empty, frame))

    async def _make_home(self) -> None:
        self._made_at["home"] = time.monotonic()
        for language in LANGUAGES:
            self._draw_home(language)
            # To draw takes some milliseconds: whoever asks meanwhile waits for one page at most.
            await asyncio.sleep(0)

    def _draw_home(self, language: Language) -> None:
        frame, now = self._frame(), self._world.clock.now()
        page = partial(lists.home_page, self._world.listed(), now=now, language=language)
        make = partial(_made, render.render_home, page, frame)
        self._put("home", language, make, self.image_origins())

    async def _make_campaign(self, slug: CampaignSlug) -> None:
        self._made_at[slug] = time.monotonic()
        for language in LANGUAGES:
            # As it is now, and not as it was before the other language: somebody may have waited.
            self._draw_campaign(slug, language)
            await asyncio.sleep(0)

    def _draw_campaign(self, slug: CampaignSlug, language: Language) -> None:
        state = self._world.state(slug)
        if state is None:
            self._remove(slug)
            return
        page = partial(
            pages.campaign_page,
            state,
            now=self._world.clock.now(),
            language=language,
            low_stock=self._world.platform.add_ons_low_stock,
        )
        make = partial(_made, render.render_campaign, page, self._frame())
        origins, frames = _origins(state.content), _frames(state.content)
        self._put(f"campaign:{slug}", language, make, origins, frames)

    def _remove(self, slug: CampaignSlug) -> None:
        for language in LANGUAGES:
            self._pages.pop((f"campaign:{slug}", language), None)

    def _put(
        self,
        name: str,
        language: Language,
        make: Callable[[], bytes],
        origins: tuple[str, ...] = (),
        frames: tuple[str, ...] = (),
    ) -> None:
        try:
            body = make()
        except Exception:
            # Whatever is wrong with one page's words or template must not take down the rest.
            telemetry.LOOP_FAILURES.labels("shelf").inc()
            log.exception("page_not_made", page=name, language=language)
            return
        self._pages[(name, language)] = prepare(body, origins, frames)


def prepare(
    body: bytes, image_origins: tuple[str, ...] = (), frame_origins: tuple[str, ...] = ()
) -> Prepared:
    """Return a page ready to be sent, packed once for everybody."""
    digest = hashlib.sha256(body).hexdigest()[:20]
    return Prepared(
        body=body,
        packed=gzip.compress(body, PACK_LEVEL, mtime=0),
        etag=f'"{digest}"',
        image_origins=image_origins,
        frame_origins=frame_origins,
    )


def _made(draw: Callable[[P, SiteFrame], bytes], page: Callable[[], P], frame: SiteFrame) -> bytes:
    return draw(page(), frame)


def _origins(content: CampaignContent) -> tuple[str, ...]:
    """Return the foreign origins of a campaign's pictures and films."""
    blocks = [*content.blocks, *(block for entry in content.diary for block in entry.blocks)]
    blocks += [content.video] if content.video else []
    pictures = [content.square, content.wide, content.creator]
    pictures += [content.backdrop, content.bar_picture]
    pictures += [*(tier.picture for tier in content.tiers.values())]
    pictures += [each.picture for each in content.add_ons.values()]
    pictures += [picture for block in blocks for picture in block.pictures]
    addresses = [picture.url for picture in pictures if picture]
    for block in blocks:
        addresses.append(block.poster_url)
        if block.kind == "audio" or block.provider == "local":
            addresses.append(block.source_url)
    found = {_origin(address) for address in addresses if "://" in address}
    return tuple(sorted(found))


def _frames(content: CampaignContent) -> tuple[str, ...]:
    """Return the origins of the players on a campaign's page."""
    blocks = [*content.blocks, *(block for entry in content.diary for block in entry.blocks)]
    blocks += [content.video] if content.video else []
    return tuple(sorted({_origin(block.player_url) for block in blocks if block.player_url}))


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
