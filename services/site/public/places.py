"""Countries and states of the address form, by the names each language uses."""

import functools

from babel import Locale

from services.site.public.formatting import LOCALES
from services.site.public.language import Language

# Where Stripe collects shipping addresses and the platform posts to (product rules 4.1).
_COUNTRIES = (
    "US CA MX AR BO BR CL CO CR DO EC GT PE PR UY PA"
    " AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SI ES SE CH"
    " GB AU IN JP KR"
)
COUNTRIES = tuple(_COUNTRIES.split())

_STATES = (
    "AL:Alabama|AK:Alaska|AZ:Arizona|AR:Arkansas|CA:California|CO:Colorado|CT:Connecticut|"
    "DE:Delaware|DC:District of Columbia|FL:Florida|GA:Georgia|HI:Hawaii|ID:Idaho|IL:Illinois|"
    "IN:Indiana|IA:Iowa|KS:Kansas|KY:Kentucky|LA:Louisiana|ME:Maine|MD:Maryland|"
    "MA:Massachusetts|MI:Michigan|MN:Minnesota|MS:Mississippi|MO:Missouri|MT:Montana|"
    "NE:Nebraska|NV:Nevada|NH:New Hampshire|NJ:New Jersey|NM:New Mexico|NY:New York|"
    "NC:North Carolina|ND:North Dakota|OH:Ohio|OK:Oklahoma|OR:Oregon|PA:Pennsylvania|"
    "RI:Rhode Island|SC:South Carolina|SD:South Dakota|TN:Tennessee|TX:Texas|UT:Utah|"
    "VT:Vermont|VA:Virginia|WA:Washington|WV:West Virginia|WI:Wisconsin|WY:Wyoming"
)
STATES = dict(pair.split(":") for pair in _STATES.split("|"))


@functools.cache
def countries(language: Language) -> tuple[tuple[str, str], ...]:
    """Return code and name of each country; the platform's own first, then by name."""
    names = Locale.parse(LOCALES[language]).territories
    home, *others = COUNTRIES
    rest = sorted(((code, names[code]) for code in others), key=lambda pair: pair[1])
    return ((home, names[home]), *rest)
