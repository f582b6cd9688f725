"""What a page asks a supporter to agree to is word for word what is recorded by its hash."""

import pytest

from contracts import consent
from services.site.cart.sums import consent as shown
from services.site.public.language import LANGUAGES, Language
from tests.site.carts import BUNDLE, CREDIT, QUOTE, form, shop


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_the_sentences_of_the_contract(language: Language) -> None:
    text, there = consent.text_in(language), shop()
    one = shown(QUOTE, form((CREDIT, "1")), there, (), language)
    many = shown(BUNDLE, form((CREDIT, "1")), there, (), language)

    (line,) = one.lines
    assert line.before == text.one.partition("{amount}")[0]
    assert one.lead == ""
    assert many.lead == text.many
    assert len(many.lines) == 2
    assert one.terms == text.terms.format(days=there.platform.recovery_window_days)
