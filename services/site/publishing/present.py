"""A stored document becomes what pages show: Markdown as safe HTML, paths as addresses.

Done anew each time a document is loaded, so that the rules hold at render time too.
"""

from collections.abc import Mapping
from pathlib import Path

from services.site.public import state
from services.site.publishing import blocks
from services.site.publishing.markdown import to_html, to_inline_html, to_text
from services.site.publishing.model import AddOnText, CampaignDocument
from services.site.publishing.pictures import media_file, size_of, stamp

DESCRIPTION_LENGTH_MAX = 300
WATCH = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}


class Media:
    """The media folder, as addresses."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def address(self, written: str) -> str:
        """Return the address of a path or URL as written; empty when we have no such file."""
        if not written or "://" in written:
            return written
        file = media_file(self._root, _below_media(written))
        if file is None:
            return ""
        name = file.relative_to(self._root.resolve()).as_posix()
        return f"/media/{name}?v={stamp(file)}"

    def picture(self, written: str, alt: str = "", caption: str = "") -> state.Picture | None:
        """Return a picture with its size, or None when there is nothing to show."""
        address = self.address(written)
        if not address:
            return None
        file = None if "://" in written else media_file(self._root, _below_media(written))
        width, height = (size_of(file) if file else None) or (None, None)
        return state.Picture(url=address, alt=alt, width=width, height=height, caption=caption)


def present(document: CampaignDocument, media: Media) -> state.CampaignContent:
    """Return the words and pictures of a campaign, ready for templates."""
    return state.CampaignContent(
        blurb=to_inline_html(document.blurb),
        blurb_text=to_text(document.blurb)[:DESCRIPTION_LENGTH_MAX],
        square=media.picture(document.hero_image),
        wide=media.picture(document.hero_image_wide) or media.picture(document.hero_image),
        blocks=_blocks(document.story, media),
        featured_tier_id=document.featured_tier_id,
        tiers={
            tier_id: state.TierContent(
                description=to_inline_html(words.description), picture=media.picture(words.image)
            )
            for tier_id, words in document.tiers.items()
        },
        support_needs={
            item_id: to_inline_html(need) for item_id, need in document.support_needs.items()
        },
        add_ons=present_add_ons(document.add_ons, media),
        phases=tuple(
            state.PhaseContent(name=phase.name, item_ids=phase.item_ids)
            for phase in document.phases
        ),
        stretch_descriptions=tuple(to_text(goal.description) for goal in document.stretch_goals),
        option_pictures={
            decision_id: tuple(media.picture(image) for image in words.option_images)
            for decision_id, words in document.decisions.items()
        },
        diary=tuple(
            state.DiaryEntry(
                entry_id=entry.entry_id,
                title=entry.title,
                at=entry.at,
                has_time=entry.has_time,
                phase=entry.phase,
                blocks=_blocks(entry.blocks, media),
            )
            for entry in document.diary
        ),
    )


def present_add_ons(
    written: Mapping[str, AddOnText], media: Media
) -> dict[str, state.AddOnContent]:
    """Return the words and pictures of add-ons, the platform's own as well as a campaign's."""
    return {
        product_id: state.AddOnContent(
            description=to_inline_html(words.description),
            picture=media.picture(words.image),
            option_name=words.variant_option_name,
        )
        for product_id, words in written.items()
    }


def _blocks(written: tuple[blocks.AnyBlock, ...], media: Media) -> tuple[state.Block, ...]:
    return tuple(_block(each, media) for each in written)


def _block(block: blocks.AnyBlock, media: Media) -> state.Block:
    if isinstance(block, blocks.TextBlock):
        return state.Block(kind="text", html=to_html(block.body))
    if isinstance(block, blocks.QuoteBlock):
        return state.Block(kind="quote", text=to_text(block.text), author=block.author)
    if isinstance(block, blocks.ImageBlock | blocks.GalleryBlock):
        return _pictures(block, media)
    if isinstance(block, blocks.DividerBlock):
        return state.Block(kind="divider")
    return _player(block, media)


def _pictures(block: blocks.ImageBlock | blocks.GalleryBlock, media: Media) -> state.Block:
    if isinstance(block, blocks.ImageBlock):
        picture = media.picture(block.src, block.alt, block.caption)
        return state.Block(kind="image", pictures=_some(picture), caption=block.caption)
    found = [media.picture(each.src, each.alt, each.caption) for each in block.images]
    return state.Block(
        kind="gallery",
        layout=block.layout,
        pictures=tuple(each for each in found if each),
        caption=block.caption,
    )


def _player(
    block: blocks.AudioBlock | blocks.VideoBlock | blocks.EmbedBlock, media: Media
) -> state.Block:
    if isinstance(block, blocks.AudioBlock):
        return state.Block(
            kind="audio",
            source_url=media.address(block.src),
            title=block.title,
            caption=block.caption,
        )
    if isinstance(block, blocks.EmbedBlock):
        return state.Block(
            kind="embed",
            provider=block.provider,
            source_url=block.src,
            title=block.title,
            caption=block.caption,
        )
    is_ours = block.provider == "local"
    return state.Block(
        kind="video",
        provider=block.provider,
        source_url=media.address(block.src) if is_ours else WATCH[block.provider] + block.video_id,
        poster_url=media.address(block.poster),
        caption=block.caption,
    )


def _some(picture: state.Picture | None) -> tuple[state.Picture, ...]:
    return (picture,) if picture else ()


def _below_media(written: str) -> str:
    """Return a path as it is below the media folder: `media/a.webp`, `/media/a.webp`, `a.webp`."""
    return written.lstrip("/").removeprefix("media/")
