"""States and provinces by code, with the names people write into an address."""


def _named(written: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in written.split("|"))


US_STATES = _named(
    "AL:Alabama|AK:Alaska|AZ:Arizona|AR:Arkansas|CA:California|CO:Colorado|CT:Connecticut|"
    "DE:Delaware|DC:District of Columbia|FL:Florida|GA:Georgia|HI:Hawaii|ID:Idaho|IL:Illinois|"
    "IN:Indiana|IA:Iowa|KS:Kansas|KY:Kentucky|LA:Louisiana|ME:Maine|MD:Maryland|"
    "MA:Massachusetts|MI:Michigan|MN:Minnesota|MS:Mississippi|MO:Missouri|MT:Montana|"
    "NE:Nebraska|NV:Nevada|NH:New Hampshire|NJ:New Jersey|NM:New Mexico|NY:New York|"
    "NC:North Carolina|ND:North Dakota|OH:Ohio|OK:Oklahoma|OR:Oregon|PA:Pennsylvania|"
    "RI:Rhode Island|SC:South Carolina|SD:South Dakota|TN:Tennessee|TX:Texas|UT:Utah|"
    "VT:Vermont|VA:Virginia|WA:Washington|WV:West Virginia|WI:Wisconsin|WY:Wyoming"
)
CANADIAN_PROVINCES = _named(
    "AB:Alberta|BC:British Columbia|MB:Manitoba|NB:New Brunswick|"
    "NL:Newfoundland and Labrador|NS:Nova Scotia|NT:Northwest Territories|NU:Nunavut|"
    "ON:Ontario|PE:Prince Edward Island|QC:Quebec|SK:Saskatchewan|YT:Yukon"
)
REGIONS = {"US": US_STATES, "CA": CANADIAN_PROVINCES}
_CODES = {
    country: {name.casefold(): code for code, name in named.items()}
    for country, named in REGIONS.items()
}


def region_code(country: str, province: str) -> str:
    """Return a state's code, from its code or its name, in capitals; else what was written.

    >>> region_code("US", " new mexico ")
    'NM'
    """
    written = " ".join(province.split())
    return _CODES.get(country.upper(), {}).get(written.casefold(), written.upper())
