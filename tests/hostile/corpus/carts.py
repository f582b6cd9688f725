"""Carts nobody may be charged for: prices, quantities, tips and items as a browser could lie."""

from typing import Any

from tests.hostile.case import Case, write

FRAME = "$SLUG__frame"
ITEM = {"id": FRAME, "quantity": 1}
INPUT = "invalid_input"
UNKNOWN = "unknown_item"
ANSWER = "invalid_answer"
AMOUNT = "invalid_amount"
ADDRESS = {
    "name": "Noor Valdecasas",
    "address1": "1 Main St",
    "city": "Albuquerque",
    "province": "NM",
    "postalCode": "87101",
    "country": "US",
}


def _quote(name: str, items: Any, status: int, error: str = "", **more: Any) -> Case:
    return write(name, "/quote", {"items": items, **more}, status, error)


def _tip(tip: Any, status: int, error: str = "") -> Case:
    return _quote(f"tip {tip!r}", [ITEM], status, error, tipPercent=tip)


def _quantity(quantity: Any, status: int, error: str = "", tier: str = "reel") -> Case:
    item = {"id": f"$SLUG__{tier}", "quantity": quantity}
    return _quote(f"quantity {quantity!r} of {tier}", [item], status, error)


def _custom(amount: Any, status: int, error: str = "") -> Case:
    item = {"id": "$SLUG__custom-support", "amount": amount}
    return _quote(f"custom amount {amount!r}", [item], status, error)


def _id(name: str, text: str, error: str = UNKNOWN) -> Case:
    return _quote(f"item id: {name}", [{"id": text}], 400, error)


def _start(name: str, body: dict[str, Any], status: int, error: str = "", **headers: str) -> Case:
    return write(name, "/checkout-intent/start", body, status, error, **headers)


def _email(email: Any, error: str = "invalid_email") -> Case:
    shown = email if len(str(email)) < 40 else f"{str(email)[:12]}… ({len(email)} characters)"
    return _start(f"e-mail {shown!r}", {"items": [ITEM], "email": email}, 400, error)


def _add_on(name: str, product: str, status: int, error: str = "", **more: Any) -> Case:
    return _quote(f"an add-on {name}", [ITEM, {"id": f"addon__{product}", **more}], status, error)


def _answers(name: str, fields: Any, status: int, error: str = "") -> Case:
    item = {"id": "$SLUG__asks", "fields": fields}
    return _quote(f"answers {name}", [item], status, error)


CASES = (
    _tip(0, 200),
    _tip(15, 200),
    _tip(16, 400, "invalid_tip"),
    _tip(-1, 400, "invalid_tip"),
    _tip(15.5, 400, INPUT),
    _tip("5", 400, INPUT),
    _tip(True, 400, INPUT),
    _tip([5], 400, INPUT),
    _tip(2**31, 400, "invalid_tip"),
    _quantity(1, 200),
    _quantity(1000, 200),
    _quantity(1001, 400, INPUT),
    _quantity(0, 400, INPUT),
    _quantity(-1, 400, INPUT),
    _quantity(1.5, 400, INPUT),
    _quantity("1", 400, INPUT),
    _quantity(None, 400, INPUT),
    _quantity(True, 400, INPUT),
    _quantity(2**63, 400, INPUT),
    _quantity(10**30, 400, INPUT),
    _quantity(2, 400, "not_stackable", tier="frame"),
    _custom(25, 200),
    _custom(0.01, 200),
    _custom("25.50", 200),
    _custom(1_000_000, 200),
    _custom(1_000_000.01, 400, AMOUNT),
    _custom(0, 400, AMOUNT),
    _custom(-5, 400, AMOUNT),
    _custom(-0.0, 400, AMOUNT),
    _custom(0.001, 400, AMOUNT),
    _custom("1e400", 400, AMOUNT),
    _custom("1e999999999", 400, AMOUNT),
    _custom("NaN", 400, AMOUNT),
    _custom("Infinity", 400, AMOUNT),
    _custom("-Infinity", 400, AMOUNT),
    _custom("sNaN", 400, AMOUNT),
    _custom(2**63, 400, AMOUNT),
    _custom("25 dollars", 400, INPUT),
    _custom("", 400, INPUT),
    _custom("２５", 200),
    _custom(None, 400, AMOUNT),
    _custom(True, 400, INPUT),
    _custom([25], 400, INPUT),
    _quote("no items", [], 400, "empty_cart"),
    _quote("items null", None, 400, INPUT),
    _quote("items an object", {"id": FRAME}, 400, INPUT),
    _quote("items a text", FRAME, 400, INPUT),
    _quote("an item that is null", [None], 400, INPUT),
    _quote("an item that is a text", [FRAME], 400, INPUT),
    _quote("an item without id", [{"quantity": 1}], 400, INPUT),
    _quote("the same tier twice", [ITEM, ITEM], 400, "duplicate_item"),
    _quote("200 unknown items", [{"id": "film__x"}] * 200, 400, UNKNOWN),
    _quote("201 items", [ITEM] * 201, 400, INPUT),
    _quote("a price of our own choice is not read", [{**ITEM, "price": 0.01, "name": "x"}], 200),
    _quote("a total of our own choice is not read", [ITEM], 200, total=1, subtotal=1, tax=0),
    _quote("another campaign in the slug field", [ITEM], 200, campaignSlug="no-such-film"),
    _quote("an upcoming campaign", [{"id": "$UPCOMING__frame"}], 409, "not_live"),
    _quote("two campaigns, one unknown", [ITEM, {"id": "no-such-film__frame"}], 400, UNKNOWN),
    _id("another tier", "$SLUG__nothing"),
    _id("no campaign", "frame"),
    _id("no tier", "$SLUG__"),
    _id("no slug", "__frame"),
    _id("only separators", "______"),
    _id("nothing but an add-on", "addon__poster", "only_add_ons"),
    _add_on("in a size", "$SHIRT__variant__s", 200),
    _add_on("of another size", "$SHIRT__variant__xxl", 400, UNKNOWN),
    _add_on("in no size", "$SHIRT", 400, "variant_needed"),
    _add_on("in an empty size", "$SHIRT__variant__", 400, UNKNOWN),
    _add_on("in two sizes at once", "$SHIRT__variant__s__variant__m", 400, UNKNOWN),
    _add_on("of which none are left, priced", "$POSTER", 200),
    _add_on("nobody sells", "no-such-product", 400, UNKNOWN),
    _add_on("without a name", "", 400, UNKNOWN),
    _add_on("with SQL", "$SHIRT' OR '1'='1", 400, UNKNOWN),
    _add_on("with traversal", "../../etc/passwd", 400, UNKNOWN),
    _add_on("two billion times", "$SHIRT__variant__s", 400, INPUT, quantity=2**31),
    _add_on("with an amount of our own is not read", "$SHIRT__variant__s", 200, amount=0.01),
    _quote(
        "one product in two sizes",
        [ITEM, {"id": "addon__$SHIRT__variant__s"}, {"id": "addon__$SHIRT__variant__m"}],
        400,
        "duplicate_item",
    ),
    _quote(
        "an add-on of a campaign that is not in the cart",
        [{"id": "$UPCOMING__frame"}, {"id": "addon__$SHIRT__variant__s"}],
        400,
        UNKNOWN,
    ),
    _quote("an anchor that is not in the cart", [ITEM], 200, bundleAddOnAnchorCampaignSlug="x"),
    _quote("an anchor as a list", [ITEM], 400, INPUT, bundleAddOnAnchorCampaignSlug=["$SLUG"]),
    _start(
        "an add-on of which none are left",
        {"items": [ITEM, {"id": "addon__$POSTER"}]},
        409,
        "sold_out",
    ),
    _answers("given", {"Name in the credits": "Zoë"}, 200),
    _answers("missing", {}, 400, ANSWER),
    _answers("of blanks", {"Name in the credits": "   "}, 400, ANSWER),
    _answers("to what nobody asked", {"Name in the credits": "Zoë", "price": "0"}, 400, ANSWER),
    _answers("of 501 letters", {"Name in the credits": "a" * 501}, 400, ANSWER),
    _answers("with a card's number", {"Name in the credits": "4242 4242 4242 4242"}, 400, ANSWER),
    _answers("with mail headers", {"Name in the credits": "a\r\nBcc: x@evil.example"}, 400, INPUT),
    _answers("as a list", ["Zoë"], 400, INPUT),
    _answers("as an object inside", {"Name in the credits": {"$gt": ""}}, 400, INPUT),
    _answers("that are null", {"Name in the credits": None}, 400, INPUT),
    _answers("51 at once", {f"q{n}": "x" for n in range(51)}, 400, INPUT),
    _quote("answers to what asks nothing", [{**ITEM, "fields": {"x": "y"}}], 400, ANSWER),
    _id("an unknown support item", "$SLUG__support__nothing"),
    _id("traversal", "../../etc__passwd"),
    _id("SQL", "$SLUG__frame' OR '1'='1"),
    _id("markup", "<script>alert(1)</script>__frame"),
    _id("blanks around it", " $SLUG__frame "),
    _id("look-alike letters", "$SLUG__frаme"),
    _id("full-width letters", "$SLUG__ｆrame"),
    _id("text that runs backwards", "$SLUG__\u202eemarf"),
    _id("empty", "", INPUT),
    _id("251 letters", "a" * 251, INPUT),
    _id("NUL", "$SLUG__frame\x00", INPUT),
    _quote("slug with capitals", [ITEM], 400, "invalid_slug", campaignSlug="FILM"),
    _quote("slug that climbs", [ITEM], 400, "invalid_slug", campaignSlug="../x"),
    _quote("slug as an operator", [ITEM], 400, INPUT, campaignSlug={"$gt": ""}),
    _quote(
        "address of two fields", [ITEM], 400, "invalid_address", shippingAddress={"country": "USA"}
    ),
    _quote("address as a text", [ITEM], 400, INPUT, shippingAddress="1 Main St"),
    _quote(
        "address of 201 letters",
        [ITEM],
        400,
        "invalid_address",
        shippingAddress={**ADDRESS, "city": "a" * 201},
    ),
    _quote(
        "address with a line of mail headers",
        [ITEM],
        400,
        INPUT,
        shippingAddress={**ADDRESS, "name": "a\r\nBcc: x@evil.example"},
    ),
    *(
        _email(email)
        for email in (
            *("not-an-email", "@missing-local.com", "missing-domain@", "multiple@@at.com"),
            *("spaces in@email.com", "a@b", "a@b..com", "<a@b.example>", "a@b.example,c@d.example"),
            *("a@b.example;c@d.example", "a@\u202eb.example", "a\u200bb@c.example", "a@-.", "@"),
        )
    ),
    _email("a\r\nBcc: b@evil.example", INPUT),
    _email("a@b.example\x00", INPUT),
    _email("a" * 10_000 + "@example.com", INPUT),
    _email("a" * 243 + "@example.com", INPUT),
    _email({"$ne": ""}, INPUT),
    _email(["a@b.example"], INPUT),
    _email(1, INPUT),
    _start("expected amount too low", {"items": [ITEM], "expectedAmount": 1}, 409, "price_changed"),
    _start("expected amount 0", {"items": [ITEM], "expectedAmount": 0}, 409, "price_changed"),
    _start(
        "expected amount negative",
        {"items": [ITEM], "expectedAmount": -5_644},
        409,
        "price_changed",
    ),
    _start(
        "expected amount 2^63", {"items": [ITEM], "expectedAmount": 2**63}, 409, "price_changed"
    ),
    _start("expected amount as a text", {"items": [ITEM], "expectedAmount": "5644"}, 400, INPUT),
    _start("expected amount and a half", {"items": [ITEM], "expectedAmount": 5644.5}, 400, INPUT),
    _start(
        "Idempotency-Key of 256 letters", {"items": [ITEM]}, 400, INPUT, idempotency_key="a" * 256
    ),
    _start(
        "Idempotency-Key of another cart",
        {"items": [{"id": "$SLUG__reel"}]},
        409,
        "conflict",
        idempotency_key="$KEY",
    ),
    _start("sold out", {"items": [{"id": "$SLUG__last"}]}, 409, "sold_out"),
    _start("more than are left", {"items": [{"id": "$SLUG__few", "quantity": 3}]}, 409, "sold_out"),
    _start("language of 300 letters", {"items": [ITEM], "preferredLang": "e" * 300}, 400, INPUT),
    _start("consent as a text", {"items": [ITEM], "consent": "yes"}, 400, INPUT),
    _start(
        "consent to sentences we never had",
        {"items": [ITEM], "consent": {"version": "1999-01", "language": "en"}},
        400,
        "unknown_consent",
    ),
    _start(
        "consent with the hash of something else",
        {"items": [ITEM], "consent": {"version": "2026-12", "language": "en", "hash": "0" * 64}},
        400,
        "unknown_consent",
    ),
    _start("a page of nobody's", {"items": [ITEM], "checkoutUiMode": "embedded"}, 400, INPUT),
    _start("challenge of 10 kB", {"items": [ITEM], "challengeToken": "x" * 10_000}, 400, INPUT),
)
