"""The sentences a supporter agrees to: a version and a hash name exactly one text."""

import re
from string import Formatter

import pytest

from contracts import consent
from contracts.consent import CONSENT_VERSION, TEXTS

HASHES = {
    ("2026-11", "en"): "2ad3ff5a314c007f982e417eb0c8feea387f27f466802416063375e3d3fdee7f",
    ("2026-11", "es"): "2b9ded55d2d870bded843ec253c2acf7f6055f3296ba63e2a11b82febab48737",
    ("2026-12", "en"): "a40516673941bd94a7a209f027f9288cc3b4e40c5a2a863f9806c8b17a8cacb6",
    ("2026-12", "es"): "17dd5cd24c22388961e2279b713480d62acf9ca6a1efa37dae044427a221b596",
    ("2026-12-late", "en"): "803f502ba37ef34168bd1670a6370c11a8ab70e8b0b6fceca99178001d96a017",
    ("2026-12-late", "es"): "1d981adf5673464fcf95832441b3e993e519315665edfa1b04f85a94c8307884",
}
LANGUAGES = ("en", "es")


def test_no_text_is_changed_under_its_version() -> None:
    """A pledge proves what was agreed to by this hash alone. A new sentence: a new version."""
    assert {key: text.sha256 for key, text in TEXTS.items()} == HASHES


def test_todays_version_is_in_every_language_and_english_stands_in_for_others() -> None:
    assert {language for version, language in TEXTS if version == CONSENT_VERSION} == set(LANGUAGES)
    assert consent.text_in("es") is TEXTS[CONSENT_VERSION, "es"]
    assert consent.text_in("fr") is TEXTS[CONSENT_VERSION, "en"]
    assert consent.find("2026-11", "es") is TEXTS["2026-11", "es"]
    assert consent.find(CONSENT_VERSION, "fr") is None
    assert consent.find("1", "en") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_can_fill_in_everything_the_sentences_leave_open(language: str) -> None:
    text = consent.text_in(language)
    gaps = [
        {name for _, name, _, _ in Formatter().parse(sentence) if name}
        for sentence in (text.one, text.many, text.part, text.terms)
    ]

    assert gaps == [{"amount", "day", "title"}, set(), {"amount", "day", "title"}, {"days"}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_say_what_the_card_networks_want_said(language: str) -> None:
    """That we charge, when and how often, how much, what if the bank says no, how to cancel."""
    text = " ".join((consent.text_in(language).one, consent.text_in(language).terms))
    wanted = {
        "en": ("Charge this card", "after", "once", "only", "try again", "cancel", "amount"),
        "es": ("Cobrar", "después", "una vez", "solo", "intentarlo", "cancelarlo", "importe"),
    }[language]

    assert [word for word in wanted if not re.search(word, text)] == []
