"""Whatever authors write, pages and mails show it as text, or their file is refused by line."""

from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.links import one_line
from services.site.publishing import markdown
from services.site.publishing.campaign_file import read_campaign
from services.site.publishing.platform_file import platform_default, read_platform
from tests.hostile.anything import TEXTS, mutated, tried
from tests.notify.samples import CAMPAIGN, LETTERS, PLATFORM, SAMPLES, a_mail

SAMPLES_DIR = Path(__file__).parents[2] / "campaigns"
CAMPAIGN_FILE = (SAMPLES_DIR / "one-roll.md").read_bytes()
PLATFORM_FILE = (SAMPLES_DIR / "platform.yml").read_bytes()
ZONE = "America/Denver"
PIECES = st.sampled_from(
    (
        *("<script>", "</script>", "<b>", "</b>", "<br/>", "<img src=x onerror=a()>", "<!--"),
        *("[a](javascript:a())", "[a](//evil.example)", "[a](data:text/html,x)", "![a](x)"),
        *("[a]: javascript:a()", "<javascript:a()>", "&lt;script&gt;", "&#106;avascript:", "`"),
        *("\n\n", "\n", "> ", "- ", "# ", "***", "___", "***a", "|", "\x00", "\u202e", "\\", "%0a"),
        *("[a](/x)", "[a](https://a.example 'b\" onclick=c')", "<a href=x>", "~~~", "\t", "]("),
    )
)
MARKDOWN = st.lists(PIECES | st.text(max_size=12), max_size=14).map("".join)


class _Seen(HTMLParser):
    """Every tag and attribute of what will be shown."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(shown)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert {name for name, _ in attrs} <= {"href", "title", "target", "rel"}
        self.links += [value or "" for name, value in attrs if name == "href"]


@tried
@given(MARKDOWN)
def test_markdown_becomes_harmless_html(source: str) -> None:
    for shown in (markdown.to_html(source), markdown.to_inline_html(source)):
        seen = _Seen(str(shown))
        assert seen.tags <= markdown.TAGS
        for target in seen.links:
            assert target.lower().startswith(("https://", "http://", "mailto:", "/", "#")), target
            assert not target.startswith(("//", "/\\"))
    assert isinstance(markdown.to_text(source), str)
    assert all(line >= 0 and reason for line, reason in markdown.problems(source))


@tried
@given(mutated(CAMPAIGN_FILE) | st.binary(max_size=300) | MARKDOWN.map(lambda s: s.encode()))
def test_a_campaign_file_is_read_or_refused_by_line(raw: bytes) -> None:
    read, mistakes = read_campaign(raw, file="film.md", platform=platform_default(ZONE))

    assert (read is None) == bool(mistakes)
    assert all(mistake.line >= 1 and mistake.file == "film.md" for mistake in mistakes)


@tried
@given(mutated(PLATFORM_FILE) | st.binary(max_size=300))
def test_the_platform_file_is_read_or_refused_by_line(raw: bytes) -> None:
    read, mistakes = read_platform(raw, file="platform.yml", timezone=ZONE)

    assert (read is None) == bool(mistakes)
    assert all(mistake.line >= 1 for mistake in mistakes)


@pytest.mark.parametrize(
    "front",
    [
        pytest.param("a: &a [x]\nb: *a\n", id="alias"),
        pytest.param("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", id="a billion laughs"),
        pytest.param("a: !!python/object/apply:os.system [id]\n", id="an object of Python"),
        pytest.param("a: !x y\n", id="a tag"),
        pytest.param("{" * 2_000, id="deep maps"),
        pytest.param("- " * 2_000, id="deep lists"),
        pytest.param("a: " + "x" * 300_000, id="large"),
        pytest.param("? ? ? x\n", id="keys of keys"),
        pytest.param("[a, b]: c\n", id="a list as a key"),
        pytest.param("a: 1\na: 2\n", id="a key twice"),
        pytest.param("<<: {title: x}\n", id="a merge"),
        pytest.param("%YAML 9.9\n---\na: b\n", id="a directive"),
        pytest.param("goal_amount: 1e999999\n", id="a huge number"),
        pytest.param("goal_amount: .nan\n", id="not a number"),
        pytest.param("goal_deadline: 9999999999-99-99\n", id="no date"),
    ],
)
def test_front_matter_that_does_more_than_say_is_refused(front: str) -> None:
    raw = f"---\n{front}---\n".encode()

    read, mistakes = read_campaign(raw, file="film.md", platform=platform_default(ZONE))

    assert read is None
    assert mistakes


@tried
@given(
    TEXTS
    | st.text(st.sampled_from("a\r\n\x00\x0b\x0c\x1c\x85\u2028\u2029\u202e\u200b "), max_size=40)
)
def test_a_header_is_one_line(text: str) -> None:
    line = one_line(text)

    assert line == one_line(line)
    assert len(line.splitlines()) <= 1
    assert line.isprintable() or not set(line) & {"\r", "\n", "\x00"}
    line.encode("utf-8")


@tried
@given(TEXTS, TEXTS, TEXTS)
def test_a_letter_keeps_to_its_headers_whatever_its_names(
    title: str, support: str, sender: str
) -> None:
    kind, facts = SAMPLES["pledge_confirmed"]
    campaign = msgspec.structs.replace(CAMPAIGN, title=title)
    platform = msgspec.structs.replace(PLATFORM, support_email=support, platform_name=sender)

    letter = LETTERS.write(a_mail(kind, facts), campaign, platform)

    for value in (
        letter.subject,
        letter.sender,
        letter.to,
        letter.reply_to,
        *letter.headers.values(),
    ):
        assert len(value.splitlines()) <= 1
        assert not set(value) & {"\r", "\n", "\x00"}
    assert len(letter.subject) <= 200
    assert "<script" not in letter.html
    (letter.subject + letter.html + letter.text).encode("utf-8")
