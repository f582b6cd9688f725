"""Markdown of an announcement as HTML for mail: what an author wrote, and nothing that runs. Pure.

Raw HTML stays text, pictures stay words: a mail that fetches nothing tells nobody who read it.
"""

import functools
import html
import re
from collections.abc import Iterable

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

SCHEMES = ("https:", "mailto:")
HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3"}
"""A mail's own heading is h1."""
CLASSES = {"p": "lead", "h2": "subhead", "h3": "minor", "ul": "list", "ol": "list"}
CLASSES |= {"blockquote": "quote"}
TAGS = {"p", "br", "em", "strong", "a", "ul", "ol", "li", "blockquote", "code", "pre", "h2", "h3"}
TAGS |= {"hr"}
ENDS = ("heading_close", "paragraph_close", "bullet_list_close", "ordered_list_close")


def to_mail_html(source: str) -> Markup:
    """Return headings, paragraphs, lists, quotes and links with the classes of our mails."""
    return Markup(  # noqa: S704
        nh3.clean(
            _parser().render(source),
            tags=TAGS,
            attributes={
                "a": {"href"},
                **{tag: {"class"} for tag in CLASSES},
                "ol": {"class", "start"},
            },
            url_schemes={"https", "mailto"},
            link_rel=None,
        )
    )


def to_mail_text(source: str) -> str:
    """Return the same words for a mail without HTML: signs of emphasis gone, links spelled out."""
    told: list[str] = []
    marks: list[str] = []
    for token in _parser().parse(source):
        if token.type == "list_item_open":
            marks.append(f"{token.info}. " if token.info else "- ")
        elif token.type == "inline":
            mark = marks.pop() if marks else ""
            told.append(mark + _inline_text(token.children or ()))
        elif token.type in ("code_block", "fence"):
            told.append(token.content.rstrip())
        elif token.type in ENDS and not token.hidden:
            told.append("")
    return "\n".join(told).strip()


def _inline_text(children: Iterable[Token]) -> str:
    found, targets = "", []
    for token in children:
        if token.type in ("text", "code_inline"):
            found += token.content
        elif token.type in ("softbreak", "hardbreak"):
            found += "\n"
        elif token.type == "link_open":
            targets.append((len(found), str(token.attrGet("href") or "")))
        elif token.type == "link_close":
            began, target = targets.pop()
            found += "" if found[began:] == target else f" ({target})"
    return found


def opening(source: str, length: int) -> str:
    """Return the first words without their signs, for the line that an inbox shows."""
    words = re.sub(r"<[^>]+>", " ", str(to_mail_html(source)))
    plain = " ".join(html.unescape(words).split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"


def is_safe_link(target: str) -> bool:
    """Tell whether a link leads to https or to a mail address."""
    is_plain = re.search(r"[\s\x00-\x1f\x7f\\]", target) is None
    return is_plain and target.lower().startswith(SCHEMES)


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.disable(["image", "html_block", "html_inline"])
    parser.validateLink = is_safe_link  # type: ignore[method-assign,assignment]
    parser.core.ruler.push("mail_classes", lambda state: _dress(state.tokens))
    return parser


def _dress(tokens: list[Token]) -> None:
    for token in tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
        if token.nesting >= 0 and token.tag in CLASSES and not token.hidden:
            token.attrSet("class", CLASSES[token.tag])
