"""Content blocks as pages show them: words as safe HTML, films and sounds with what plays them.

A player of somebody else is a link until a person asks for it: its frame comes from one of the
exact addresses below, without cookies where the provider has such an address.
"""

import re
from urllib.parse import parse_qs, urlsplit

from services.site.public import state
from services.site.publishing import blocks
from services.site.publishing.block_fields import VIDEO_ID, is_approved_embed
from services.site.publishing.markdown import to_html, to_text
from services.site.publishing.shown_media import Media

WATCH = {"youtube": "https://www.youtube.com/watch?v=", "vimeo": "https://vimeo.com/"}
PLAYERS = {
    "youtube": "https://www.youtube-nocookie.com/embed/{}?autoplay=1&rel=0",
    "vimeo": "https://player.vimeo.com/video/{}?autoplay=1&dnt=1",
}
PATHS = {
    "youtube": re.compile(r"/(?:embed/|shorts/|live/)?(?P<id>[A-Za-z0-9_-]{11})/?"),
    "vimeo": re.compile(r"/(?:video/)?(?P<id>\d{5,12})/?"),
}
WITH_COOKIES, WITHOUT_COOKIES = "https://www.youtube.com/", "https://www.youtube-nocookie.com/"


def present_blocks(written: tuple[blocks.AnyBlock, ...], media: Media) -> tuple[state.Block, ...]:
    """Return the blocks of a story or an entry, ready for templates."""
    return tuple(_block(each, media) for each in written)


def hero_video(written: str, media: Media) -> state.Block | None:
    """Return the film above the story: a file of ours, or a player elsewhere."""
    if not written:
        return None
    host = (urlsplit(written).hostname or "").removeprefix("www.").removeprefix("player.")
    provider = "vimeo" if host == "vimeo.com" else "youtube"
    if not host:
        address = media.address(written)
        return _own(address, media.media_type(written)) if address else None
    video_id = video_id_of(provider, written)
    return _elsewhere(provider, video_id) if video_id else None


def video_id_of(provider: str, address: str) -> str:
    """Return which video a page or player address shows, empty when it shows none.

    >>> video_id_of("youtube", "https://youtu.be/aqz-KE-bpKQ")
    'aqz-KE-bpKQ'
    """
    parts = urlsplit(address)
    asked = parse_qs(parts.query).get("v", [""])[0] if provider == "youtube" else ""
    if VIDEO_ID[provider].fullmatch(asked):
        return asked
    match = PATHS[provider].fullmatch(parts.path)
    return match["id"] if match else ""


def _block(block: blocks.AnyBlock, media: Media) -> state.Block:
    if isinstance(block, blocks.TextBlock):
        return state.Block(kind="text", html=to_html(block.body), align=block.align)
    if isinstance(block, blocks.QuoteBlock):
        return state.Block(kind="quote", text=to_text(block.text), author=block.author)
    if isinstance(block, blocks.ImageBlock | blocks.GalleryBlock):
        return _pictures(block, media)
    if isinstance(block, blocks.DividerBlock):
        return state.Block(kind="divider")
    if isinstance(block, blocks.AudioBlock):
        return _own(
            media.address(block.src),
            media.media_type(block.src),
            kind="audio",
            title=block.title,
            caption=block.caption,
        )
    return _player(block, media)


def _pictures(block: blocks.ImageBlock | blocks.GalleryBlock, media: Media) -> state.Block:
    if isinstance(block, blocks.ImageBlock):
        picture = media.picture(block.src, block.alt, block.caption)
        return state.Block(
            kind="image",
            pictures=(picture,) if picture else (),
            caption=block.caption,
            align=block.align,
        )
    found = [media.picture(each.src, each.alt, each.caption) for each in block.images]
    return state.Block(
        kind="gallery",
        layout=block.layout,
        pictures=tuple(each for each in found if each),
        caption=block.caption,
        caption_style=block.caption_style,
    )


def _player(block: blocks.VideoBlock | blocks.EmbedBlock, media: Media) -> state.Block:
    if isinstance(block, blocks.EmbedBlock):
        # Checked when it was published, and again now: the list may have become stricter.
        is_approved = is_approved_embed(block.provider, block.src)
        return state.Block(
            kind="embed",
            provider=block.provider,
            source_url=block.src if is_approved else "",
            player_url=block.src.replace(WITH_COOKIES, WITHOUT_COOKIES) if is_approved else "",
            title=block.title,
            caption=block.caption,
        )
    poster = media.address(block.poster)
    if block.provider == "local":
        kind = media.media_type(block.src)
        return _own(media.address(block.src), kind, caption=block.caption, poster_url=poster)
    return _elsewhere(block.provider, block.video_id, caption=block.caption, poster_url=poster)


def _own(
    address: str,
    media_type: str,
    *,
    kind: state.BlockKind = "video",
    title: str = "",
    caption: str = "",
    poster_url: str = "",
) -> state.Block:
    return state.Block(
        kind=kind,
        provider="local",
        source_url=address,
        media_type=media_type,
        title=title,
        caption=caption,
        poster_url=poster_url,
    )


def _elsewhere(
    provider: str, video_id: str, *, caption: str = "", poster_url: str = ""
) -> state.Block:
    return state.Block(
        kind="video",
        provider=provider,
        source_url=WATCH[provider] + video_id,
        player_url=PLAYERS[provider].format(video_id),
        caption=caption,
        poster_url=poster_url,
    )
