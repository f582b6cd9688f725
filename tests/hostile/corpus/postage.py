"""Addresses nobody posts to, sums nobody can be taxed on, options nobody sells."""

from typing import Any

from tests.hostile.case import Case, write
from tests.hostile.corpus.carts import ADDRESS

POSTER = {"id": "$SLUG__poster"}
INPUT, ADDRESS_ERROR = "invalid_input", "invalid_address"


def _postage(name: str, status: int, error: str = "", **body: Any) -> Case:
    sent = {"items": [POSTER], **body}
    return write(f"postage: {name}", "/shipping/quote", sent, status, error)


def _quote(name: str, status: int, error: str = "", **body: Any) -> Case:
    return write(f"quote: {name}", "/quote", {"items": [POSTER], **body}, status, error)


def _tax(name: str, body: Any, status: int, error: str = "") -> Case:
    return write(f"tax: {name}", "/tax/quote", body, status, error)


def _at(**changes: Any) -> dict[str, Any]:
    return {**ADDRESS, **changes}


CASES = (
    _postage("nowhere", 200),
    _postage("at home", 200, shippingAddress=ADDRESS),
    _postage("of what is not posted", 200, items=[{"id": "$SLUG__frame"}]),
    _postage("of nothing", 400, "empty_cart", items=[]),
    _postage("of what nobody sells", 400, "unknown_item", items=[{"id": "$SLUG__nothing"}]),
    _postage("to a country of one letter", 400, ADDRESS_ERROR, shippingAddress=_at(country="U")),
    _postage("to a country of digits", 400, ADDRESS_ERROR, shippingAddress=_at(country="12")),
    _postage("to no country", 400, "not_posted_to", shippingAddress=_at(country="ZZ")),
    _postage("to the bottom of the sea", 400, "not_posted_to", shippingAddress=_at(country="AQ")),
    _postage("to small letters", 200, shippingAddress=_at(country="us")),
    _postage("to no ZIP code", 200, shippingAddress=_at(postalCode="not a code")),
    _postage("to no postal code", 400, ADDRESS_ERROR, shippingAddress=_at(postalCode=" ")),
    _postage("to a postal code of SQL", 200, shippingAddress=_at(postalCode="'; DROP TABLE x")),
    _postage(
        "to a postal code of 201 letters",
        400,
        ADDRESS_ERROR,
        shippingAddress=_at(postalCode="1" * 201),
    ),
    _postage("to a ZIP code of other digits", 200, shippingAddress=_at(postalCode="８７１０１")),
    _postage("to an address that is a list", 400, INPUT, shippingAddress=[ADDRESS]),
    _postage("to a URL", 400, INPUT, shippingAddress="http://169.254.169.254/latest"),
    _postage("at a price of one's own", 200, shipping=1, total=1),
    _postage("with a field nobody knows", 400, INPUT, carrierUrl="http://evil.example"),
    _quote("by owl", 400, "invalid_shipping_option", shippingOption="by_owl"),
    _quote("signed for, where nobody offers it", 200, shippingOption="signature_required"),
    _quote("by an option as a list", 400, INPUT, shippingOption=["standard"]),
    _quote("by an option of 300 letters", 400, INPUT, shippingOption="s" * 300),
    _quote(
        "billed to a country of one letter", 400, ADDRESS_ERROR, billingAddress=_at(country="U")
    ),
    write(
        "a poster to a country nothing is posted to",
        "/checkout-intent/start",
        {"items": [POSTER], "shippingAddress": _at(country="AQ")},
        400,
        "not_posted_to",
    ),
    write(
        "a poster to nowhere",
        "/checkout-intent/start",
        {"items": [POSTER]},
        400,
        "address_needed",
    ),
    _tax("of a sum nowhere", {"subtotalCents": 5_000}, 200),
    _tax("of a sum at home", {"subtotalCents": 5_000, "shippingAddress": ADDRESS}, 200),
    _tax("of the largest sums", {"subtotalCents": 10**8, "shippingCents": 10**8}, 200),
    _tax("of nothing", {"subtotalCents": 0}, 400, INPUT),
    _tax("of less than nothing", {"subtotalCents": -1}, 400, INPUT),
    _tax("of more than a million", {"subtotalCents": 10**8 + 1}, 400, INPUT),
    _tax("of 2^63", {"subtotalCents": 2**63}, 400, INPUT),
    _tax("of half a cent", {"subtotalCents": 0.5}, 400, INPUT),
    _tax("of 1e400", b'{"subtotalCents":1e400}', 400, INPUT),
    _tax("of NaN", b'{"subtotalCents":NaN}', 400, "invalid_json"),
    _tax("of a text", {"subtotalCents": "5000"}, 400, INPUT),
    _tax("of true", {"subtotalCents": True}, 400, INPUT),
    _tax("of negative postage", {"subtotalCents": 1, "shippingCents": -1}, 400, INPUT),
    _tax("of no sum", {}, 400, INPUT),
    _tax("at a rate of one's own", {"subtotalCents": 1, "rate": 0}, 400, INPUT),
    _tax("at no address", {"subtotalCents": 1, "billingAddress": {}}, 400, ADDRESS_ERROR),
    _tax(
        "in a province of SQL",
        {"subtotalCents": 1, "billingAddress": _at(province="' OR 1=1 --")},
        200,
    ),
    _tax(
        "in a province of line feeds",
        {"subtotalCents": 1, "billingAddress": _at(province="N\r\nM")},
        400,
        INPUT,
    ),
)
