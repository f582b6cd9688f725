"""Where Stripe's hosted page may post things to. Source: product rules 4.1. Pure."""

AMERICAS = (
    *("US", "CA", "MX", "PR", "AR", "BO", "BR", "CL", "CO", "CR", "DO", "EC", "GT", "PA", "PE"),
    "UY",
)
EUROPE = (
    *("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR"),
    *("HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE"),
    "SI",
)
ELSEWHERE = ("AU", "IN", "JP", "KR")

POSTED_TO = (*AMERICAS, *EUROPE, *ELSEWHERE)
