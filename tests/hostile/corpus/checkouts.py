"""Orders that are not yours to ask about, or no orders at all."""

from tests.hostile.case import Case, operate, read, write

NOBODYS = "pool-intent-" + "0" * 32
ODD = "invalid_order_id"
GONE = "order_not_found"
ODD_IDS = (
    ("empty", ""),
    ("a number", "1"),
    ("another prefix", "order-" + "0" * 32),
    ("markup", "pool-intent-<script>"),
    ("SQL", "pool-intent-' OR 1=1 --"),
    ("traversal", "pool-intent-../../x"),
    ("193 letters", "pool-intent-" + "a" * 181),
    ("a line feed after it", NOBODYS + "\n"),
)


def _both(name: str, body: object, status: int, error: str) -> tuple[Case, ...]:
    return tuple(
        write(f"{verb}: {name}", f"/checkout-intent/{verb}", body, status, error)
        for verb in ("complete", "abandon")
    )


CASES = (
    *(
        case
        for name, order in ODD_IDS
        for case in _both(f"order id {name}", {"orderId": order}, 400, ODD)
    ),
    *_both("nobody's order", {"orderId": NOBODYS}, 404, GONE),
    *_both("order id null", {"orderId": None}, 400, "invalid_input"),
    *_both("order id as an object", {"orderId": {"$gt": ""}}, 400, "invalid_input"),
    *_both("order id of 201 letters", {"orderId": "a" * 201}, 400, "invalid_input"),
    *_both("order id with NUL", {"orderId": NOBODYS + "\x00"}, 400, "invalid_input"),
    *_both("no order", {}, 400, "invalid_input"),
    write(
        "complete: another order's session",
        "/checkout-intent/complete",
        {"orderId": "$ORDER", "sessionId": "cs_test_other"},
        409,
        "conflict",
    ),
    write(
        "complete: no card was saved",
        "/checkout-intent/complete",
        {"orderId": "$OPEN"},
        409,
        "not_complete",
    ),
    read("status of nobody's order", f"/checkout-intent/status/{NOBODYS}", 404, GONE),
    read("status of no order", "/checkout-intent/status/x", 400, ODD),
    read("status of order id with markup", "/checkout-intent/status/%3Cscript%3E", 400, ODD),
    read("status of 3,000 letters", "/checkout-intent/status/" + "a" * 3_000, 400, ODD),
    read("status without an order", "/checkout-intent/status/", 404, "not_found"),
    *(
        read(f"status, wait {wait}", f"/checkout-intent/status/$ORDER?wait={wait}", 200)
        for wait in ("0", "-1", "nan", "-inf", "1e-400")
    ),
    *(
        read(
            f"status, wait {wait or 'empty'}",
            f"/checkout-intent/status/$ORDER?wait={wait}",
            400,
            "invalid_input",
        )
        for wait in ("x", "1,5", "[1]", "1e400", "%00", "%ff")
    ),
    read(
        "status of a settled order waits for nothing",
        "/checkout-intent/status/$ORDER?wait=9e99",
        200,
    ),
    read("summary without an order", "/checkout-intent/summary", 400, "invalid_input"),
    read("summary of an empty order", "/checkout-intent/summary?orderId=", 400, ODD),
    read("summary of nobody's order", f"/checkout-intent/summary?orderId={NOBODYS}", 404, GONE),
    read("summary of an order with NUL", "/checkout-intent/summary?orderId=%00", 400, ODD),
    read("summary of bad UTF-8", "/checkout-intent/summary?orderId=%ff%fe", 400, ODD),
    read("summary of two orders", "/checkout-intent/summary?orderId=a&orderId=b", 400, ODD),
    operate("recover nothing", "/admin/recover-checkout", {}, 400, "invalid_input"),
    operate("recover nobody's order", "/admin/recover-checkout", {"orderId": NOBODYS}, 404, GONE),
    operate("recover no order", "/admin/recover-checkout", {"orderId": "../x"}, 400, ODD),
    operate(
        "recover an unknown session",
        "/admin/recover-checkout",
        {"sessionId": "cs_x"},
        404,
        "session_not_found",
    ),
    operate(
        "recover what no restore lost",
        "/admin/recover-lost-checkouts",
        {},
        409,
        "not_recovering",
    ),
    operate(
        "recover after a session with NUL",
        "/admin/recover-lost-checkouts",
        {"after": "cs_\x00"},
        400,
        "invalid_input",
    ),
    operate(
        "recover a session with NUL",
        "/admin/recover-checkout",
        {"sessionId": "cs_\x00"},
        400,
        "invalid_input",
    ),
)
