"""Countries and states of the address form, by the names each language uses."""

import functools

from babel import Locale

from contracts.regions import US_STATES
from services.site.public.formatting import LOCALES
from services.site.public.language import Language

# Where Stripe collects shipping addresses and the platform posts to (product rules 4.1).
_COUNTRIES = (
    "US CA MX AR BO BR CL CO CR DO EC GT PE PR UY PA"
    " AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SI ES SE CH"
    " GB AU IN JP KR"
)
COUNTRIES = tuple(_COUNTRIES.split())

HOME = COUNTRIES[0]

STATES = US_STATES


@functools.cache
def countries(
    language: Language, among: tuple[str, ...] = COUNTRIES
) -> tuple[tuple[str, str], ...]:
    """Return code and name of each country; the platform's own first, then by name."""
    names = Locale.parse(LOCALES[language]).territories
    named = [(code, names.get(code, code)) for code in among]
    return tuple(sorted(named, key=lambda pair: (pair[0] != HOME, pair[1])))
