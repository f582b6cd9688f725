"""Changes of a pledge that its link's holder may not make, or nobody can read."""

from typing import Any

from tests.hostile.case import Case, write

MODIFY, PREVIEW = "/pledge/modify", "/pledge/quote"


def _both(name: str, wanted: dict[str, Any], status: int, error: str) -> tuple[Case, ...]:
    """Return the case of the change itself, and of the question what it would cost."""
    body = {"token": "$TOKEN", **wanted}
    return (
        write(f"change: {name}", MODIFY, body, status, error),
        write(f"price of a change: {name}", PREVIEW, body, status, error),
    )


def _tier(**facts: Any) -> dict[str, Any]:
    return {"addTiers": [facts]}


CASES = (
    *_both("another's order", {"orderId": "$OTHER_ORDER"}, 403, "not_yours"),
    *_both("no order of theirs", {"orderId": ""}, 403, "not_yours"),
    *_both("an older revision", {"tipPercent": 0, "revision": 2**31 - 1}, 409, "conflict"),
    *_both("a tip of 16 %", {"tipPercent": 16}, 400, "invalid_tip"),
    *_both("a negative tip", {"tipPercent": -1}, 400, "invalid_tip"),
    *_both("half a per cent", {"tipPercent": 2.5}, 400, "invalid_input"),
    *_both("a reward nobody has", _tier(id="nothing-of-ours", qty=1), 400, "unknown_item"),
    *_both(
        "the same reward twice", {"addTiers": [{"id": "x"}, {"id": "x"}]}, 400, "duplicate_item"
    ),
    *_both("minus one reward", _tier(id="x", qty=-1), 400, "invalid_input"),
    *_both("half a reward", _tier(id="x", qty=0.5), 400, "invalid_input"),
    *_both("more rewards than fit a number", _tier(id="x", qty=2**63), 400, "invalid_input"),
    *_both("a price of their own", _tier(id="x", qty=1, price=1), 400, "invalid_input"),
    *_both("nothing left", {"addTiers": [], "customAmount": 0}, 400, "invalid_amount"),
    *_both("a third decimal", {"customAmount": 1.005}, 400, "invalid_amount"),
    *_both("less than nothing", {"customAmount": -1}, 400, "invalid_amount"),
    *_both("more than a million", {"customAmount": 1e12}, 400, "invalid_amount"),
    *_both("a total of their own", {"amount": 1}, 400, "invalid_input"),
    *_both("another status", {"pledgeStatus": "charged"}, 400, "invalid_input"),
    *_both(
        "a way of posting nobody has", {"shippingOption": "pigeon"}, 400, "invalid_shipping_option"
    ),
    *_both("a list for a number", {"tipPercent": [0]}, 400, "invalid_input"),
    write("change: nothing", MODIFY, {"token": "$TOKEN"}, 400, "nothing_changed"),
    write("change: no token", MODIFY, {}, 400, "invalid_input"),
    write("change: empty token", MODIFY, {"token": ""}, 400, "missing_token"),
    write(
        "change: cancelled before",
        MODIFY,
        {"token": "$CANCELLED", "tipPercent": 0},
        409,
        "pledge_cancelled",
    ),
    write(
        "change: a price nobody was shown",
        MODIFY,
        {"token": "$TOKEN", "tipPercent": 0, "expectedAmount": 1},
        409,
        "price_changed",
    ),
    write(
        "change: a key of 300 letters",
        MODIFY,
        {"token": "$TOKEN", "tipPercent": 0},
        400,
        "invalid_input",
        idempotency_key="k" * 300,
    ),
)
