"""The content blocks of a story or a diary entry, as their author wrote them."""

from typing import Literal

import msgspec

Align = Literal["left", "center", "right"]
GalleryLayout = Literal["grid", "logos", "carousel"]
CaptionStyle = Literal["below", "overlay", "hover"]
VideoProvider = Literal["local", "youtube", "vimeo"]
EmbedProvider = Literal["spotify", "youtube", "vimeo"]


class Block(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """One block. Texts are Markdown sources: they become HTML when a page is prepared."""


class TextBlock(Block, frozen=True, kw_only=True, tag="text"):
    """Paragraphs of Markdown."""

    body: str
    align: Align = "left"


class QuoteBlock(Block, frozen=True, kw_only=True, tag="quote"):
    """What somebody said."""

    text: str
    author: str = ""


class ImageBlock(Block, frozen=True, kw_only=True, tag="image"):
    """A picture. An empty `alt` means decoration."""

    src: str
    alt: str = ""
    caption: str = ""
    align: Align = "center"
    width: int | None = None
    height: int | None = None


class GalleryImage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture of a gallery."""

    src: str
    alt: str = ""
    caption: str = ""


class GalleryBlock(Block, frozen=True, kw_only=True, tag="gallery"):
    """Several pictures beside each other."""

    images: tuple[GalleryImage, ...]
    layout: GalleryLayout = "grid"
    caption: str = ""
    caption_style: CaptionStyle = "below"


class VideoBlock(Block, frozen=True, kw_only=True, tag="video"):
    """A film of ours (`src`) or of YouTube or Vimeo (`video_id`)."""

    provider: VideoProvider = "local"
    video_id: str = ""
    src: str = ""
    poster: str = ""
    caption: str = ""


class AudioBlock(Block, frozen=True, kw_only=True, tag="audio"):
    """A recording."""

    src: str
    title: str = ""
    caption: str = ""


class EmbedBlock(Block, frozen=True, kw_only=True, tag="embed"):
    """A player of an approved provider; `src` was checked to the exact origin and path."""

    provider: EmbedProvider
    src: str
    title: str = ""
    caption: str = ""


class DividerBlock(Block, frozen=True, kw_only=True, tag="divider"):
    """A pause."""


AnyBlock = (
    TextBlock
    | QuoteBlock
    | ImageBlock
    | GalleryBlock
    | VideoBlock
    | AudioBlock
    | EmbedBlock
    | DividerBlock
)
