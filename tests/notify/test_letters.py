"""What a person reads: every letter in every language, to the letter."""

import html
import os
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from contracts import magic_link
from contracts.campaign import Decision
from contracts.money import Cents
from contracts.pricing import PricedLine
from services.notify.domain import mails, telling
from services.notify.domain.facts import CardFace, Facts
from services.notify.domain.language import LANGUAGES, Language
from services.notify.domain.letters import Letter
from services.notify.domain.mails import PlatformNames
from tests.notify.news_samples import ANNOUNCED
from tests.notify.samples import (
    CAMPAIGN,
    EMAIL,
    EXTRA,
    LETTERS,
    PLATFORM,
    PLEDGE,
    SAMPLES,
    SECRET,
    SITE,
    SLUG,
    WRITTEN_AT,
    a_letter,
    a_mail,
    a_pledge,
    a_price,
)

GOLDEN = Path(__file__).parent / "golden"
EVERY_LETTER = [(name, language) for name in SAMPLES for language in LANGUAGES]
PREHEADER = re.compile(r'<div class="preheader"[^>]*>(.*?)</div>', re.DOTALL)
TOKEN = re.compile(r"/manage/\?t=([A-Za-z0-9_.-]+)")
STANDING = {
    *("pledge_confirmed", "pledge_modified", "payment_confirmed", "payment_failed", "your_links"),
    *("card_expires", "card_unusable", "charge_notice", "refunded", "refund_failed"),
    *("announcement", "diary_update", "milestone"),
}


# Not in mails about a campaign that is over. Source: workflows, "Email Templates".
WITH_INSTAGRAM = {
    *("pledge_confirmed", "pledge_modified"),
    *("announcement", "diary_update", "milestone"),
}


class Page(HTMLParser):
    """The links and the words of a page."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self._is_hidden = False
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._is_hidden = tag in ("style", "title")
        assert tag not in ("img", "script", "link", "iframe", "form"), f"<{tag}> in a letter"
        self.links += [value for name in ("href", "src") if (value := values.get(name))]

    def handle_endtag(self, tag: str) -> None:
        self._is_hidden = False

    def handle_data(self, data: str) -> None:
        if not self._is_hidden:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_a_letter_reads_as_it_was_approved(name: str, language: Language) -> None:
    """POOL_GOLDEN=write approves what is written now: look at it before."""
    letter = a_letter(name, language)
    shown = {"html": letter.html, "txt": f"Subject: {letter.subject}\n\n{letter.text}"}

    for ending, text in shown.items():
        path = GOLDEN / f"{name}.{language}.{ending}"
        if os.environ.get("POOL_GOLDEN") == "write":
            path.write_text(text, encoding="utf-8")
        assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_nothing_in_a_letter_is_left_to_fill_in(name: str, language: Language) -> None:
    letter = a_letter(name, language)

    for text in (letter.subject, letter.html, letter.text):
        for sign in ("{{", "}}", "{%", "%(", "None", "Undefined"):
            assert sign not in text
    assert len(letter.html.encode()) < 100_000
    assert f'lang="{language}"' in letter.html


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_every_link_leads_to_the_site_or_to_the_campaigns_instagram(
    name: str, language: Language
) -> None:
    letter = a_letter(name, language)

    links = [*Page(letter.html).links, *re.findall(r"https?://\S+", letter.text)]
    assert links
    for link in links:
        assert link.startswith(f"{SITE}/") or link == CAMPAIGN.instagram_url, link
    foreign = [link for link in links if link == CAMPAIGN.instagram_url]
    assert bool(foreign) == (letter.kind in WITH_INSTAGRAM)


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_every_link_keeps_the_mails_language_and_both_parts_have_the_same(
    name: str, language: Language
) -> None:
    letter = a_letter(name, language)

    shown, written = set(Page(letter.html).links), set(re.findall(r"https?://\S+", letter.text))
    assert shown == written
    # A button's address in an announcement is its author's.
    for link in shown - {CAMPAIGN.instagram_url, ANNOUNCED.cta_url}:
        path = link.removeprefix(SITE)
        if "unsubscribe" in path:
            assert path.endswith("&l=es") == (language == "es"), link
        else:
            assert path.startswith("/es/") == (language == "es"), link


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_a_preview_says_more_than_the_subject_and_nothing_that_opens(
    name: str, language: Language
) -> None:
    letter = a_letter(name, language)

    (shown,) = PREHEADER.findall(letter.html)
    said = " ".join(html.unescape(shown).replace("\u034f", " ").replace("\u2007", " ").split())
    assert 10 <= len(said) <= 150
    assert said not in letter.subject
    assert "http" not in said


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_news_can_be_ended_by_one_click_and_what_is_ones_own_cannot(
    name: str, language: Language
) -> None:
    letter = a_letter(name, language)
    headers = {"X-Entity-Ref-ID", "List-Unsubscribe", "List-Unsubscribe-Post"}

    is_news = letter.kind in {"announcement", "diary_update", "milestone", "launch_reminder"}
    assert set(letter.headers) == (headers if is_news else {"X-Entity-Ref-ID"})
    if is_news:
        assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        (url,) = re.findall(r"<(https://[^>]+)>", letter.headers["List-Unsubscribe"])
        assert url in letter.text


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_both_parts_say_the_same_sums(name: str, language: Language) -> None:
    letter = a_letter(name, language)
    amounts = re.compile(r"\$[\d,]+\.\d\d")

    assert set(amounts.findall(Page(letter.html).text)) == set(amounts.findall(letter.text))
    for cents in _cents_of(SAMPLES[name][1]):
        assert f"${cents / 100:,.2f}" in letter.text


@pytest.mark.parametrize(("name", "language"), EVERY_LETTER)
def test_a_standing_pledge_comes_with_a_link_that_opens_it(name: str, language: Language) -> None:
    letter = a_letter(name, language)
    tokens = set(TOKEN.findall(letter.html) + TOKEN.findall(letter.text))

    if letter.kind not in STANDING:
        assert not tokens
        return
    (token,) = tokens
    link = magic_link.verify(token, magic_link.keyring(SECRET), now=WRITTEN_AT, scope="pledge")
    assert (link.pledge_id, link.email, link.campaign_slug) == (PLEDGE, EMAIL, SLUG)
    # The key stands in the address of one link, never in anything a preview shows.
    assert token not in letter.subject
    assert token not in Page(letter.html).text


def test_a_link_lives_ninety_days_past_the_deadline() -> None:
    (token,) = set(TOKEN.findall(a_letter("pledge_confirmed", "en").text))

    link = magic_link.verify(token, magic_link.keyring(SECRET), now=WRITTEN_AT, scope="pledge")

    assert link.exp == int((CAMPAIGN.deadline_at + magic_link.LIFETIME).timestamp())


def test_a_second_attempt_writes_the_very_same_letter() -> None:
    kind, facts = SAMPLES["pledge_confirmed"]
    first = a_mail(kind, facts)
    again = msgspec.structs.replace(first, attempts=4, claimed_at=CAMPAIGN.deadline_at)

    letters = [LETTERS.write(mail, CAMPAIGN, PLATFORM) for mail in (first, again)]

    assert letters[0] == letters[1]


def test_two_mails_about_one_pledge_carry_two_links() -> None:
    kind, facts = SAMPLES["pledge_confirmed"]
    late = CAMPAIGN.deadline_at
    first = a_mail(kind, facts)
    second = msgspec.structs.replace(first, created_at=late + magic_link.LIFETIME)

    tokens = {TOKEN.findall(LETTERS.write(m, CAMPAIGN, PLATFORM).text)[0] for m in (first, second)}

    assert len(tokens) == 2


def test_a_tip_and_a_shipping_of_nothing_are_not_mentioned() -> None:
    pledge = a_pledge(price=a_price(tip=0, shipping=0))

    letter = _written("pledge_confirmed", telling.facts_of_pledge(pledge))

    assert "Tip" not in letter.text
    assert "Shipping" not in letter.text
    assert "Sales tax, 7.875%: $3.94" in letter.text
    assert "Total, if the film is funded: $53.94" in letter.text


def test_a_spanish_percentage_keeps_its_sign_on_the_same_line() -> None:
    assert "Propina para The Pool, 5\u00a0%: $2.50" in a_letter("pledge_confirmed", "es").text


@pytest.mark.parametrize(
    ("asked", "offered", "expected"),
    [
        ("es", ("en", "es"), "es"),
        ("es-MX", ("en", "es"), "es"),
        ("ES", ("en", "es"), "es"),
        ("es", ("en",), "en"),
        ("fr", ("en", "es", "fr"), "en"),
        ("", ("en", "es"), "en"),
    ],
)
def test_a_mail_is_written_in_the_recipients_language_where_we_have_it(
    asked: str, offered: tuple[str, ...], expected: str
) -> None:
    kind, facts = SAMPLES["pledge_cancelled"]
    platform = PlatformNames(languages=offered)

    letter = LETTERS.write(a_mail(kind, facts, language=asked), CAMPAIGN, platform)

    assert f'lang="{expected}"' in letter.html


def test_a_reply_reaches_a_person_only_where_there_is_one() -> None:
    kind, facts = SAMPLES["pledge_confirmed"]

    answered = LETTERS.write(a_mail(kind, facts), CAMPAIGN, PLATFORM)
    silent = LETTERS.write(a_mail(kind, facts), CAMPAIGN, PlatformNames())

    assert (answered.reply_to, "just reply" in answered.text) == ("hello@pool.example", True)
    assert (silent.reply_to, "just reply" in silent.text) == ("", False)


def test_a_deadline_in_another_year_is_written_with_its_year() -> None:
    kind, facts = SAMPLES["pledge_confirmed"]
    campaign = msgspec.structs.replace(
        CAMPAIGN, deadline_at=CAMPAIGN.deadline_at.replace(year=2027)
    )

    letter = LETTERS.write(a_mail(kind, facts), campaign, PLATFORM)

    assert "by Monday, December 13, 2027, 11:59\u00a0pm Mountain Time" in letter.text


def test_money_given_without_a_reward_is_called_that_and_has_no_quantity() -> None:
    facts = telling.facts_of_pledge(a_pledge(lines=(EXTRA,), price=a_price(subtotal=1_500)))

    assert "  Support without a reward: $15.00" in _written("pledge_confirmed", facts).text


@pytest.mark.parametrize(
    ("counts", "language", "shown"),
    [
        pytest.param(True, "en", "Tote bag, black × 2", id="the film's own"),
        pytest.param(False, "en", "Tote bag, black × 2, from The Pool", id="the platform's"),
        pytest.param(False, "es", "Tote bag, black × 2, de The Pool", id="in Spanish"),
    ],
)
def test_an_add_on_says_how_many_and_whose_it_is(
    counts: bool, language: Language, shown: str
) -> None:
    tote = PricedLine(
        kind="add_on",
        item_id="tote",
        variant_id="black",
        label="Tote bag, black",
        quantity=2,
        unit_cents=Cents(1_500),
        total_cents=Cents(3_000),
        counts_toward_goal=counts,
    )

    mail = a_mail("pledge_confirmed", Facts(lines=(tote,)), language=language)
    letter = LETTERS.write(mail, CAMPAIGN, PLATFORM)

    assert f"  {shown}: " in letter.text


def test_an_unknown_brand_is_called_a_card() -> None:
    facts = msgspec.structs.replace(
        SAMPLES["payment_confirmed"][1], card=CardFace(brand="obscure", last4="0001")
    )

    assert "to your card ending 0001" in _written("payment_confirmed", facts).text


def _written(kind: mails.MailKind, facts: Facts) -> Letter:
    return LETTERS.write(a_mail(kind, facts), CAMPAIGN, PLATFORM)


def _cents_of(facts: Facts) -> list[Cents]:
    found = [line.total_cents for line in facts.lines]
    if facts.sums is not None:
        sums = facts.sums
        found += [sums.subtotal_cents, sums.tax_cents, sums.tip_cents]
        found += [sums.shipping_cents, sums.total_cents]
    return found


@pytest.mark.parametrize(
    ("kind", "leads"),
    [
        ("pledge_confirmed", True),
        ("pledge_modified", True),
        ("payment_confirmed", True),
        ("pledge_cancelled", False),
        ("payment_failed", False),
    ],
)
def test_a_mail_leads_to_the_supporters_while_they_have_something_to_decide(
    kind: str, leads: bool
) -> None:
    later, earlier = (WRITTEN_AT + timedelta(days=each) for each in (1, -1))
    vote = Decision(decision_id="poster", kind="vote", title="Which?", options=("A", "B"))
    own, facts = SAMPLES[kind]

    def links(decision: Decision | None) -> list[str]:
        decisions = () if decision is None else (decision,)
        film = msgspec.structs.replace(CAMPAIGN, decisions=decisions)
        letter = LETTERS.write(a_mail(own, facts), film, PLATFORM)
        found = [*Page(letter.html).links, *re.findall(r"https?://\S+", letter.text)]
        return [each for each in found if each.startswith(f"{SITE}/community/{SLUG}/?t=")]

    for decision in (vote, msgspec.structs.replace(vote, closes_at=later)):
        assert len(set(links(decision))) == (1 if leads else 0)
        assert len(links(decision)) == (2 if leads else 0)
    closed = msgspec.structs.replace(vote, status="closed")
    for none in (None, closed, msgspec.structs.replace(vote, closes_at=earlier)):
        assert links(none) == []
