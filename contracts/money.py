"""Money: whole cents, and the only rounding in the platform."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NewType

Cents = NewType("Cents", int)

CENTS_MAX = 100_000_000
"""The largest amount one pledge, item or goal step may have: a million dollars."""

FEE_RATE = Decimal("0.029")
FEE_FIXED_CENTS = 30
"""What Stripe usually keeps of a charge: for estimates, until its own books say it."""

TIP_PERCENT_MAX = 15
TIP_PERCENT_DEFAULT = 5


def apply_rate(amount_cents: int, rate: Decimal) -> Cents:
    """Return `amount_cents × rate` in cents, halves rounded up.

    Python's `round` rounds halves to even, which would undercharge tax by a
    cent on some carts and disagree with the figure shown in the browser.

    >>> apply_rate(5_000, Decimal("0.07875"))  # 393.75
    394
    """
    return Cents(int((amount_cents * rate).quantize(Decimal(1), ROUND_HALF_UP)))


def apply_percent(amount_cents: int, percent: int) -> Cents:
    """Return `percent` per cent of `amount_cents`, halves rounded up.

    >>> apply_percent(250, 5)  # 12.5
    13
    """
    return apply_rate(amount_cents, Decimal(percent) / 100)


def expected_fee(amount_cents: int) -> Cents:
    """Return Stripe's usual fee for one charge, 2.9 % and 30 cents, rounded half up.

    >>> expected_fee(5_644)  # 163.676 + 30
    194
    """
    return Cents(apply_rate(amount_cents, FEE_RATE) + FEE_FIXED_CENTS)


def split(amount_cents: int, weights: Sequence[int]) -> list[Cents]:
    """Return `amount_cents` in whole parts in proportion to `weights`, none of it lost.

    Each part is rounded down; the cents left over go one by one to the largest remainders,
    of equal ones to the earlier part. No part exceeds its weight unless the whole does.
    Source: rules.md, section 9 (fees by largest remainder).

    >>> split(59, [1_000, 500, 500])
    [29, 15, 15]
    """
    total = sum(weights)
    if total <= 0 or amount_cents < 0 or min(weights) < 0:
        raise ValueError("only a sum can be split, over something")
    parts = [amount_cents * weight // total for weight in weights]
    remainders = [amount_cents * weight % total for weight in weights]
    left = amount_cents - sum(parts)
    for place in sorted(range(len(weights)), key=lambda at: (-remainders[at], at))[:left]:
        parts[place] += 1
    return [Cents(part) for part in parts]


def dollars_to_cents(dollars: Decimal) -> Cents:
    """Return dollars from a campaign file or a cart as cents.

    Raises `ValueError` for a third decimal, a negative, infinite or too large amount:
    rounding what somebody wrote would change a price behind their back.

    >>> dollars_to_cents(Decimal("19.99"))
    1999
    """
    # Compared before anything is computed: 1e999999999 as an int would fill the memory.
    try:
        is_in_range = 0 <= dollars <= CENTS_MAX // 100
    except InvalidOperation as exc:
        raise ValueError("not an amount of money") from exc
    if not is_in_range:
        raise ValueError("an amount is between 0 and 1,000,000 dollars")
    cents = dollars * 100
    whole = int(cents)
    if whole != cents:
        raise ValueError("more than two decimals")
    return Cents(whole)


def cents_to_dollars(cents: int) -> int | float:
    """Return cents in the dollars that public JSON uses for goals and items.

    For display only: the result never goes back into a sum.
    """
    dollars, rest = divmod(cents, 100)
    return dollars if rest == 0 else cents / 100
