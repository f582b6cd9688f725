"""Markdown in mails: what an author wrote, nothing that runs, fetches or leads elsewhere."""

import hashlib
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notify.domain.markdown import opening, to_mail_html, to_mail_text
from services.notify.domain.news import News, content_hash


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("a\nb\n\nc", '<p class="lead">a<br>\nb</p>\n<p class="lead">c</p>\n'),
        ("# One", '<h2 class="subhead">One</h2>\n'),
        ("#### Four", '<h3 class="minor">Four</h3>\n'),
        ("- a\n- b", '<ul class="list">\n<li>a</li>\n<li>b</li>\n</ul>\n'),
        (
            "[us](https://pool.example/a?b=1&c=2)",
            '<p class="lead"><a href="https://pool.example/a?b=1&amp;c=2">us</a></p>\n',
        ),
        (
            "> said\n",
            '<blockquote class="quote">\n<p class="lead">said</p>\n</blockquote>\n',
        ),
        ("<b>x</b>", '<p class="lead">&lt;b&gt;x&lt;/b&gt;</p>\n'),
        ("**x** *y*", '<p class="lead"><strong>x</strong> <em>y</em></p>\n'),
    ],
)
def test_what_is_written_is_shown_in_our_mails_own_look(source: str, html: str) -> None:
    assert str(to_mail_html(source)) == html


@given(st.text(max_size=300))
@example("[x](javascript:alert(1))")
@example("[x](http://plain.example)")
@example("![x](https://elsewhere.example/pixel.gif)")
@example('<img src="https://elsewhere.example/pixel.gif">')
@example('<https://a.example/" onclick="x>')
@example("[x]: https://a.example\n[x]")
def test_nothing_runs_and_nothing_is_fetched(source: str) -> None:
    html = str(to_mail_html(source))

    tags = re.findall(r"<[^>]*>", html)
    for forbidden in ("<img", "<script", "<iframe", "<style", " style=", " on", "src="):
        assert not any(forbidden in tag for tag in tags), html
    assert 'href="javascript:' not in html
    assert 'href="http:' not in html


def test_without_html_the_words_stay_and_links_are_spelled_out() -> None:
    source = "## Friday\n\nis **the** [day](https://a.example).\n\n- one\n- two\n\n1. a\n2. b"

    assert to_mail_text(source) == (
        "Friday\n\nis the day (https://a.example).\n\n- one\n- two\n\n1. a\n2. b"
    )
    assert to_mail_text("<https://a.example>") == "https://a.example"


def test_an_inbox_shows_the_first_words_without_their_signs() -> None:
    assert opening("# Last call\n\n**Friday** & [more](https://a.example)", 120) == (
        "Last call Friday & more"
    )
    assert opening("word " * 60, 20) == "word word word word…"


def test_plain_news_has_the_name_it_had_before_there_was_markdown() -> None:
    """What was said to everybody once is not said again after an upgrade."""
    news = News(subject="Last call", heading="Last call", body="Friday.")
    before = {k: v for k, v in msgspec.structs.asdict(news).items() if k != "is_markdown"}
    name = hashlib.sha256(msgspec.json.encode(before)).hexdigest()[:32]

    assert content_hash(news) == name
    assert content_hash(msgspec.structs.replace(news, is_markdown=True)) != name
