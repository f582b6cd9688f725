"""What a page asks a supporter to agree to is word for word what is recorded by its hash."""

import html

import pytest

from contracts import consent
from services.site.public import render
from services.site.public.language import LANGUAGES, Language
from services.site.public.strings import script_strings
from tests.site.stages import SITE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cart_shows_the_terms_and_sends_their_version_and_hash(language: Language) -> None:
    text = consent.text_in(language)
    page = html.unescape(render.render_cart(language, SITE).decode())

    assert text.terms.format(days=SITE.platform.recovery_window_days) in page
    assert f'"version": "{consent.CONSENT_VERSION}"' in page
    assert text.sha256 in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_scripts_say_the_sentences_of_the_contract(language: Language) -> None:
    text, said = consent.text_in(language), script_strings(language)

    assert (said["consentOne"], said["consentMany"], said["consentPart"]) == (
        text.one,
        text.many,
        text.part,
    )
