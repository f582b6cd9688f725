"""Markdown to safe HTML: our parser writes no raw HTML, a sanitiser checks it again.

Source: product rules 1.3, pages 7.2. Authors may use six tags without attributes; every
other tag, and every link that leads elsewhere than http, https, mailto or our own pages,
is a mistake when a file is checked and plain text when a page is made.
"""

import functools
import html
import re
from collections.abc import Iterator

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

SOURCES_KEPT = 4_096
ALLOWED_TAG = re.compile(r"<(/?)(br|em|strong|i|b|u)\s*(/?)>", re.IGNORECASE)
ANY_TAG = re.compile(r"<[!?/]?[A-Za-z][^<>]*>|<!--")
TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
SCHEMES = ("http:", "https:", "mailto:")
HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}
"""A page's own headings are h1 and h2."""

TAGS = {
    *("p", "br", "em", "strong", "i", "b", "u", "a", "ul", "ol", "li", "blockquote"),
    *("code", "pre", "h3", "h4", "hr"),
}


@functools.lru_cache(maxsize=SOURCES_KEPT)
def to_html(source: str) -> Markup:
    """Return paragraphs, lists, quotes and headings."""
    return _sanitised(_parser().render(source))


@functools.lru_cache(maxsize=SOURCES_KEPT)
def to_inline_html(source: str) -> Markup:
    """Return the text without paragraphs, for places that hold a sentence or two."""
    parts = [part for part in re.split(r"\n\s*\n", source.strip()) if part]
    return _sanitised("<br><br>".join(_parser().renderInline(part) for part in parts))


def to_text(source: str) -> str:
    """Return the words alone, for descriptions and feeds."""
    spaced = re.sub(r"<(?:br|/p|/li|/h\d|/pre)>", " ", str(to_html(source)))
    return " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())


def problems(source: str) -> list[tuple[int, str]]:
    """Return the line (from 0) and reason of everything that would not be shown."""
    return list(dict.fromkeys(_problems(source)))


def _problems(source: str) -> Iterator[tuple[int, str]]:
    for block in _suspicious_parser().parse(source):
        line = block.map[0] if block.map else 0
        if block.type == "html_block":
            yield from ((line, each) for each in _tag_problems(block.content))
        inner_line = line
        for token in block.children or ():
            inner_line += token.type in ("softbreak", "hardbreak")
            yield from ((inner_line, each) for each in _token_problems(token))


def is_safe_link(target: str) -> bool:
    """Tell whether a link leads to http, https, mailto or a page of ours.

    A page of ours is named from the root: one text is shown on pages of several depths.
    """
    if re.search(r"[\s\x00-\x1f\x7f\\]", target) or target.startswith("//"):
        return False
    scheme = SCHEME.match(target)
    return scheme[0].lower() in SCHEMES if scheme else target.startswith(("/", "#"))


def _token_problems(token: Token) -> Iterator[str]:
    # CommonMark leaves `<svg/onload=x>` as text, and so do we; its author meant a tag.
    if token.type in ("html_inline", "text"):
        yield from _tag_problems(token.content)
    elif token.type == "image":
        yield "pictures are blocks of their own (type: image)"
    elif token.type == "link_open":
        target = str(token.attrGet("href") or "")
        if not is_safe_link(target):
            yield f"the link to “{target[:60]}” is not http, https, mailto or a page of ours"


def _tag_problems(written: str) -> Iterator[str]:
    for tag in ANY_TAG.findall(written):
        if not ALLOWED_TAG.fullmatch(tag):
            name = TAG_NAME.search(tag)
            yield (
                f"the tag <{name[0] if name else '!--'}> is not taken here; "
                "allowed are br, em, strong, i, b, u without attributes"
            )


def _sanitised(rendered: str) -> Markup:
    return Markup(  # noqa: S704
        nh3.clean(
            rendered,
            tags=TAGS,
            attributes={"a": {"href", "target", "rel"}},
            url_schemes={"http", "https", "mailto"},
            link_rel=None,
        )
    )


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block"])
    parser.inline.ruler.before("html_inline", "allowed_tag", _allowed_tag)
    parser.validateLink = is_safe_link  # type: ignore[method-assign,assignment]
    parser.core.ruler.push("house_rules", lambda state: _apply_house_rules(state.tokens))
    return parser


@functools.cache
def _suspicious_parser() -> MarkdownIt:
    """A parser that lets everything through, to see what the author wrote."""
    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = lambda _: True  # type: ignore[method-assign,assignment]
    parser.normalizeLink = lambda target: target  # type: ignore[method-assign,assignment]
    return parser


def _allowed_tag(state: StateInline, silent: bool) -> bool:
    match = ALLOWED_TAG.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        name = match[2].lower()
        token = state.push("html_inline", "", 0)
        # Written anew, so that nothing of the author's own spelling gets through.
        token.content = "<br>" if name == "br" else f"<{match[1]}{name}>"
    state.pos = match.end()
    return True


def _apply_house_rules(tokens: list[Token]) -> None:
    for token in tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
        for child in token.children or ():
            if child.type == "link_open":
                target = str(child.attrGet("href") or "")
                if target.lower().startswith(("http:", "https:")):
                    child.attrSet("target", "_blank")
                    child.attrSet("rel", "noopener noreferrer nofollow ugc")
