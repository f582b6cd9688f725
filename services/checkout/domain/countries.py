"""Where things are posted to when the platform names no countries. Pure.

Source: product rules 4.1.
"""

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

# Countries by their own codes to which the carrier's domestic classes go.
DOMESTIC = ("US", "PR", "VI", "GU", "AS", "MP")
