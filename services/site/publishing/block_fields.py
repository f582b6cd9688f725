"""Reading content blocks. Source: product rules 1.3, pages 7."""

import re
from urllib.parse import urlsplit

from services.site.publishing import blocks
from services.site.publishing.reading import Reader, Record, Value, record, several
from services.site.publishing.scalars import (
    asset,
    choice,
    flag,
    required_text,
    rich_text,
    text,
    whole,
)

BODY_LENGTH_MAX = 50_000
CAPTION = text(1_000)
VIDEO: Reader[blocks.VideoProvider] = choice(("local", "youtube", "vimeo"))
PLAYER: Reader[blocks.EmbedProvider] = choice(("spotify", "youtube", "vimeo"))
LAYOUT: Reader[blocks.GalleryLayout] = choice(("grid", "logos", "carousel"))
CAPTION_STYLE: Reader[blocks.CaptionStyle] = choice(("below", "overlay", "hover"))
ALIGN: Reader[blocks.Align] = choice(("left", "center", "right"))
VIDEO_ID = {"youtube": re.compile(r"[A-Za-z0-9_-]{11}"), "vimeo": re.compile(r"\d{5,12}")}
EMBEDS = {
    "spotify": (("open.spotify.com",), "/embed/"),
    "youtube": (("www.youtube-nocookie.com", "www.youtube.com"), "/embed/"),
    "vimeo": (("player.vimeo.com",), "/video/"),
}
DIVIDER = blocks.DividerBlock()


def _text(fields: Record) -> blocks.AnyBlock:
    return blocks.TextBlock(
        body=fields.take("body", rich_text(BODY_LENGTH_MAX)),
        align=fields.get("align", ALIGN, "left"),
    )


def _quote(fields: Record) -> blocks.AnyBlock:
    return blocks.QuoteBlock(
        text=fields.take("text", rich_text(2_000)), author=fields.get("author", text(160), "")
    )


def _image(fields: Record) -> blocks.AnyBlock:
    is_decorative = fields.get("decorative", flag, False)
    alt = fields.get("alt", CAPTION, "")
    return blocks.ImageBlock(
        src=fields.take("src", asset),
        alt="" if is_decorative else alt,
        caption=fields.get("caption", CAPTION, ""),
        align=fields.get("align", ALIGN, "center"),
        width=fields.get("width", whole, None),
        height=fields.get("height", whole, None),
    )


def _gallery_image(fields: Record) -> blocks.GalleryImage:
    return blocks.GalleryImage(
        src=fields.take("src", asset),
        alt=fields.get("alt", CAPTION, ""),
        caption=fields.get("caption", CAPTION, ""),
    )


def _gallery(fields: Record) -> blocks.AnyBlock:
    images = several(record(_gallery_image, blocks.GalleryImage(src="")))
    return blocks.GalleryBlock(
        images=fields.take("images", images),
        layout=fields.get("layout", LAYOUT, "grid"),
        caption=fields.get("caption", CAPTION, ""),
        caption_style=fields.get("caption_style", CAPTION_STYLE, "below"),
    )


def _video(fields: Record) -> blocks.AnyBlock:
    provider = fields.get("provider", VIDEO, "local")
    video_id, src = "", ""
    if provider == "local":
        src = fields.take("src", asset)
    else:
        video_id = fields.take("video_id", required_text(40))
        if video_id and not VIDEO_ID[provider].fullmatch(video_id):
            fields.wrong("video_id", f"is not the id of a video at {provider}")
        fields.skip(["src"])
    return blocks.VideoBlock(
        provider=provider,
        video_id=video_id,
        src=src,
        poster=fields.get("poster", asset, ""),
        caption=fields.get("caption", CAPTION, ""),
    )


def _audio(fields: Record) -> blocks.AnyBlock:
    return blocks.AudioBlock(
        src=fields.take("src", asset),
        title=fields.get("title", text(160), ""),
        caption=fields.get("caption", CAPTION, ""),
    )


def _embed(fields: Record) -> blocks.AnyBlock:
    provider = fields.take("provider", PLAYER)
    src = fields.take("src", Reader(_embed_address, ""))
    if src and not is_approved_embed(provider, src):
        hosts, path = EMBEDS[provider]
        fields.wrong("src", f"must begin with https://{hosts[0]}{path}")
    return blocks.EmbedBlock(
        provider=provider,
        src=src,
        title=fields.get("title", text(160), ""),
        caption=fields.get("caption", CAPTION, ""),
    )


def _embed_address(value: Value) -> str:
    return value.scalar().strip()


def _divider(_: Record) -> blocks.AnyBlock:
    return DIVIDER


KINDS = {
    "text": _text,
    "image": _image,
    "gallery": _gallery,
    "video": _video,
    "audio": _audio,
    "quote": _quote,
    "embed": _embed,
    "divider": _divider,
}


def _kind(value: Value) -> str:
    kind = value.scalar()
    if kind not in KINDS:
        raise ValueError(f"is none of {', '.join(KINDS)}")
    return kind


def _block(fields: Record) -> blocks.AnyBlock:
    kind = fields.take("type", Reader(_kind, ""))
    if not kind:
        fields.skip(list(fields.lines))
        return DIVIDER
    return KINDS[kind](fields)


block: Reader[blocks.AnyBlock] = record(_block, DIVIDER)
story = several(block)


def is_approved_embed(provider: str, src: str) -> bool:
    """Tell whether `src` is a player of that provider, by exact origin and path."""
    hosts, path = EMBEDS[provider]
    if re.search(r"[\s\"'<>\\;,]|\.\.|%2e|%2f|%5c", src, re.IGNORECASE) or len(src) > 2_048:
        return False
    parts = urlsplit(src)
    return (
        parts.scheme == "https"
        and parts.netloc in hosts
        and parts.path.startswith(path)
        and len(parts.path) > len(path)
    )
