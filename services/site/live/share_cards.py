"""Share cards: drawn when a scraper asks, at most once a minute for a campaign and language."""

import asyncio
import time
from pathlib import Path

import msgspec

from services.site.live.world import World
from services.site.public.language import Language
from services.site.public.share_card import Card, Colours, draw_card, our_colours
from services.site.public.share_words import campaign_card, site_card
from services.site.public.state import CampaignState
from services.site.publishing.pictures import media_file

KEPT_SECONDS = 60.0
CARDS_MAX = 200

Key = tuple[str, Language]


class Kept(msgspec.Struct, frozen=True):
    """A card and when it was drawn."""

    png: bytes
    at: float


class ShareCards:
    """The cards that were asked for lately. One is drawn at a time, outside the loop."""

    def __init__(self, world: World, media: Path, uploads: Path | None = None) -> None:
        self._world = world
        self._media = media
        self._uploads = uploads
        self._kept: dict[Key, Kept] = {}
        self._lock = asyncio.Lock()

    async def get(self, slug: str, language: Language) -> bytes | None:
        """Return a campaign's card, with an empty slug the site's own; None for no campaign."""
        state = self._world.state(slug) if slug else None
        if slug and state is None:
            return None
        async with self._lock:
            kept = self._kept.get((slug, language))
            if kept is None or time.monotonic() - kept.at > KEPT_SECONDS:
                card = self._card(state, language)
                kept = Kept(await asyncio.to_thread(draw_card, card), time.monotonic())
                self._kept.pop((slug, language), None)
                self._kept[(slug, language)] = kept
                if len(self._kept) > CARDS_MAX:
                    self._kept.pop(next(iter(self._kept)))
            return kept.png

    def _card(self, state: CampaignState | None, language: Language) -> Card:
        name, colours = self._world.platform.platform_name, self._colours()
        if state is None:
            return site_card(
                language, platform=name, art=self._art_of_the_newest(), colours=colours
            )
        return campaign_card(
            state,
            language,
            platform=name,
            now=self._world.clock.now(),
            art=self._art(state),
            colours=colours,
        )

    def _art(self, state: CampaignState) -> Path | None:
        picture = state.content.square or state.content.wide
        if picture is None or "://" in picture.url:
            return None
        name = picture.url.partition("?")[0].removeprefix("/media/")
        file = media_file(self._media, name, self._uploads)
        return file if file and picture.width else None

    def _art_of_the_newest(self) -> Path | None:
        listed = sorted(self._world.listed(), key=lambda each: each.definition.starts_at)
        found = (self._art(state) for state in reversed(listed))
        return next((art for art in found if art), None)

    def _colours(self) -> Colours:
        own, ours = self._world.branding, our_colours()
        return Colours(
            paper=own.get("color_page_background", ours.paper),
            ink=own.get("color_text_strong", ours.ink),
            muted=own.get("color_text_muted", ours.muted),
            accent=own.get("color_primary", ours.accent),
            track=own.get("color_surface_soft", ours.track),
        )
