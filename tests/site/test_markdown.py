"""Authors' words become safe HTML, whatever they wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.site.publishing.block_fields import is_approved_embed
from services.site.publishing.markdown import problems, to_html, to_inline_html, to_text
from tests.site.payloads import PAYLOADS

TAGS = re.compile(r"<(/?)([a-zA-Z0-9]+)([^>]*)>")
ALLOWED = {
    *("p", "br", "em", "strong", "i", "b", "u", "a", "ul", "ol", "li", "blockquote"),
    *("code", "pre", "h3", "h4", "hr"),
}
HREF = re.compile(r'href="([^"]*)"')


@pytest.mark.parametrize(
    ("source", "html"),
    [
        pytest.param("A *b* **c**", "<p>A <em>b</em> <strong>c</strong></p>", id="stress"),
        pytest.param("a<br>b <u>c</u>", "<p>a<br>b <u>c</u></p>", id="allowed tags"),
        pytest.param("a<BR/>b", "<p>a<br>b</p>", id="allowed tags in any spelling"),
        pytest.param("# Title", "<h3>Title</h3>", id="headings stay below the page's own"),
        pytest.param("5 < 6 & 7", "<p>5 &lt; 6 &amp; 7</p>", id="signs"),
        pytest.param("[x](/about/)", '<p><a href="/about/">x</a></p>', id="a page of ours"),
        pytest.param("<b>open", "<p><b>open</b></p><b></b>", id="what is open gets closed"),
    ],
)
def test_markdown_becomes_html(source: str, html: str) -> None:
    assert str(to_html(source)).replace("\n", "") == html


def test_links_to_others_open_a_new_tab_and_tell_nothing() -> None:
    html = str(to_html("[x](https://example.org/?a=1&b=2)"))

    assert 'href="https://example.org/?a=1&amp;b=2"' in html
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow ugc"' in html


BAD = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b onmouseover=alert(1)>x</b>",
    '<p style="position:fixed">x</p>',
    "<iframe src=https://evil.example></iframe>",
    "<svg/onload=alert(1)>",
    "<!-- x --><div>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "[x](file:///etc/passwd)",
    "![x](https://evil.example/p.png)",
    "<a href=javascript:alert(1)>x</a>",
]


@pytest.mark.parametrize("source", BAD)
def test_what_would_not_be_shown_is_a_mistake(source: str) -> None:
    assert problems(source)


@pytest.mark.parametrize(
    "source",
    ["I <3 film", "5 < 6", "a & b", "<https://example.org>", "[x](mailto:a@b.example)", ""],
)
def test_honest_words_are_no_mistake(source: str) -> None:
    assert problems(source) == []


def require_safe(html: str) -> None:
    for _, name, attributes in TAGS.findall(html):
        assert name.lower() in ALLOWED, html
        assert not re.search(r"(?:^|\s)(?:on\w+|style|src|id|class)\s*=", attributes), html
    # Of tags alone: what stands between them is text, and may look like anything.
    links = [each for _, _, attributes in TAGS.findall(html) for each in HREF.findall(attributes)]
    for target in links:
        assert re.match(r"(?:https?:|mailto:|[#/?.]|[^:]*$)", target, re.IGNORECASE), html
        assert not target.startswith("//"), html


@pytest.mark.parametrize("source", [*BAD, *PAYLOADS])
def test_bad_sources_make_harmless_html(source: str) -> None:
    require_safe(str(to_html(source)))
    require_safe(str(to_inline_html(source)))


SIGNS = st.sampled_from([*"<>&\"'()[]!*_`#\\/:;=\n \t", "javascript:", "<b>", "](", "&#x6a;"])


@given(st.lists(st.one_of(SIGNS, st.text(max_size=8)), max_size=40).map("".join))
def test_no_source_makes_anything_but_harmless_html(source: str) -> None:
    require_safe(str(to_html(source)))
    require_safe(str(to_inline_html(source)))
    to_text(source)
    problems(source)


def test_text_is_the_words_alone() -> None:
    assert to_text("# One\n\n*two*<br>three & [four](/x)") == "One two three & four"


@pytest.mark.parametrize(
    ("provider", "src", "is_approved"),
    [
        ("youtube", "https://www.youtube-nocookie.com/embed/abc", True),
        ("youtube", "https://www.youtube.com/embed/abc", True),
        ("vimeo", "https://player.vimeo.com/video/1", True),
        ("spotify", "https://open.spotify.com/embed/track/1", True),
        ("youtube", "http://www.youtube.com/embed/abc", False),
        ("youtube", "https://www.youtube.com.evil.example/embed/abc", False),
        ("youtube", "https://www.youtube.com@evil.example/embed/abc", False),
        ("youtube", "https://www.youtube.com:444/embed/abc", False),
        ("youtube", "https://www.youtube.com/watch?v=abc", False),
        ("youtube", "https://www.youtube.com/embed/../redirect", False),
        ("youtube", "https://www.youtube.com/embed/", False),
        ("spotify", "https://www.youtube.com/embed/abc", False),
        ("vimeo", 'https://player.vimeo.com/video/1" onload="x', False),
    ],
)
def test_only_exact_players_are_approved(provider: str, src: str, is_approved: bool) -> None:
    assert is_approved_embed(provider, src) is is_approved
