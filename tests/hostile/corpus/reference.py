"""The payloads of the reference's security suite, on the routes where they do most harm."""

from urllib.parse import quote

from tests.hostile.case import Case, read, write

XSS = (
    "<script>alert('xss')</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "<svg onload=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
)
SQL = (
    "' OR '1'='1",
    "'; DROP TABLE pledges; --",
    "1 UNION SELECT * FROM users",
    "admin'--",
    "1; WAITFOR DELAY '0:0:5'",
)
NOSQL = (
    {"$gt": ""},
    {"$ne": None},
    {"$where": "this.a == this.b"},
    {"$regex": ".*"},
)
CLIMBING = ("../../../etc/passwd", "..\\..\\..\\windows\\system32", "....//....//etc/passwd")
ITEM = {"id": "$SLUG__frame"}
START = "/checkout-intent/start"


def _start(name: str, status: int, error: str, **body: object) -> Case:
    return write(name, START, {"items": [ITEM], **body}, status, error)


CASES = (
    *(_start(f"XSS in the e-mail: {each}", 400, "invalid_email", email=each) for each in XSS),
    *(_start(f"XSS in the slug: {each}", 400, "invalid_slug", campaignSlug=each) for each in XSS),
    *(
        write(
            f"XSS in an item: {each}",
            START,
            {"items": [{"id": f"$SLUG__{each}"}]},
            400,
            "unknown_item",
        )
        for each in XSS
    ),
    *(
        write(
            f"XSS in a name nobody reads: {each}",
            "/quote",
            {"items": [{**ITEM, "name": each}]},
            200,
        )
        for each in XSS
    ),
    *(
        read(
            f"XSS in a path: {each}",
            f"/stats/{quote(each, safe='')}",
            404 if "/" in each else 400,
            "not_found" if "/" in each else "invalid_input",
        )
        for each in XSS
    ),
    *(
        read(f"XSS in a lost page: {each}", f"/{quote(each, safe='')}", 404, "not_found")
        for each in XSS
    ),
    *(
        read(f"SQL in a path: {each}", f"/stats/{quote(each, safe='')}", 400, "invalid_input")
        for each in SQL
    ),
    *(
        write(
            f"SQL in an order: {each}",
            "/checkout-intent/complete",
            {"orderId": each},
            400,
            "invalid_order_id",
        )
        for each in SQL
    ),
    *(_start(f"SQL in the slug: {each}", 400, "invalid_slug", campaignSlug=each) for each in SQL),
    *(
        _start(f"NoSQL in the slug: {each}", 400, "invalid_input", campaignSlug=each)
        for each in NOSQL
    ),
    *(_start(f"NoSQL in the e-mail: {each}", 400, "invalid_input", email=each) for each in NOSQL),
    *(
        _start(f"traversal in the slug: {each}", 400, "invalid_slug", campaignSlug=each)
        for each in CLIMBING
    ),
    *(
        read(f"traversal in a path: {each}", f"/inventory/{quote(each, safe='')}", 404, "not_found")
        for each in CLIMBING
    ),
    _start("prototype pollution", 400, "invalid_input", __proto__={"admin": True}),
    _start("slug of 10,000 letters", 400, "invalid_input", campaignSlug="a" * 10_000),
    _start("everything null", 400, "invalid_input", items=None, campaignSlug=None, email=None),
    _start("an order id of their own", 400, "invalid_input", orderId="pool-intent-mine"),
    _start("nested objects", 400, "invalid_input", email={"nested": "object"}),
    write(
        "Unicode in an item nobody sells",
        START,
        {"items": [{"id": "tëst-🎬__日本語"}]},
        400,
        "unknown_item",
    ),
    read("stats are open", "/stats/$SLUG", 200),
    read("stock is open", "/inventory/$SLUG", 200),
    read("live figures are open", "/live/$SLUG", 200),
)
