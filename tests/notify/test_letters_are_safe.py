"""What authors write stays text: no header, no markup, no foreign address (S-39)."""

import msgspec
import pytest

from services.notify.domain import telling
from tests.notify.samples import (
    CAMPAIGN,
    FRAME,
    LETTERS,
    PLATFORM,
    SAMPLES,
    a_letter,
    a_mail,
    a_pledge,
)


def test_a_transactional_letter_offers_no_way_to_unsubscribe() -> None:
    assert set(a_letter("payment_failed", "en").headers) == {"X-Entity-Ref-ID"}


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("Line\r\nBcc: everybody@evil.example", id="new header"),
        pytest.param("Null\x00 and bell\x07 and \u202eright-to-left", id="control signs"),
        pytest.param("x" * 5_000, id="too long"),
        pytest.param("<script>alert(1)</script> & “friends”", id="markup"),
        pytest.param("100% {{ 7*7 }} %(film)s {% raw %}", id="template signs"),
        pytest.param("🎬 “Nine” 'Bridges' \"North\" 🇪🇸 & <co>", id="emoji and quotes"),
    ],
)
def test_a_hostile_title_stays_text_on_one_line(title: str) -> None:
    kind, facts = SAMPLES["pledge_confirmed"]
    campaign = msgspec.structs.replace(CAMPAIGN, title=title)

    letter = LETTERS.write(a_mail(kind, facts), campaign, PLATFORM)

    assert len(letter.subject) <= 200
    assert letter.subject.startswith("Pledge confirmed | ")
    assert not set("\r\n\x00\x07\u202e") & set(letter.subject)
    assert "\x00" not in letter.html + letter.text
    assert "<script" not in letter.html
    # What the title says is one line of text: it opens no paragraph of its own.
    assert not [line for line in letter.text.splitlines() if line.startswith("Bcc")]


def test_a_hostile_label_stays_text_in_both_parts() -> None:
    line = msgspec.structs.replace(FRAME, label="A\n\nTotal: $0.00 <b>free</b>")
    facts = telling.facts_of_pledge(a_pledge(lines=(line,)))

    letter = LETTERS.write(a_mail("pledge_confirmed", facts), CAMPAIGN, PLATFORM)

    assert "  A  Total: $0.00 <b>free</b> × 2: $50.00" in letter.text
    assert "<b>free</b>" not in letter.html


@pytest.mark.parametrize(
    "url",
    [
        "http://instagram.com/film",
        "https://instagram.com.evil.example/film",
        "https://evil.example/instagram.com",
        "javascript:alert(1)",
        "https://user@instagram.com/film",
        "",
    ],
)
def test_an_address_that_is_not_plainly_instagrams_is_left_out(url: str) -> None:
    kind, facts = SAMPLES["pledge_confirmed"]
    campaign = msgspec.structs.replace(CAMPAIGN, instagram_url=url)

    letter = LETTERS.write(a_mail(kind, facts), campaign, PLATFORM)

    assert "Instagram" not in letter.text
