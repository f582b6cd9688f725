"""Operators' routes for everybody who is no operator."""

from typing import Any

from tests.hostile.case import JSON, OPERATOR, Case, operate, read

ROUTES = (
    ("POST", "/admin/settle/$SLUG"),
    ("POST", "/admin/settle-dispatch/$SLUG"),
    ("POST", "/admin/settle-batch"),
    ("GET", "/admin/settlements/$SLUG"),
    ("GET", "/admin/cron/status"),
    ("POST", "/admin/recover-checkout"),
    ("POST", "/admin/recover-lost-checkouts"),
    ("POST", "/admin/inventory"),
    ("POST", "/admin/projections/check"),
    ("POST", "/admin/close/$SLUG"),
    ("POST", "/admin/rebuild"),
    ("POST", "/admin/invitations"),
    ("POST", "/stats/$SLUG/check"),
    ("POST", "/stats/$SLUG/recalculate"),
    ("POST", "/inventory/$SLUG/recalculate"),
    ("POST", "/admin/campaign-index/rebuild/$SLUG"),
    ("GET", "/admin/reports/campaign-runner.csv?campaignSlug=$SLUG"),
    ("GET", "/admin/reports/campaign-runner/preview?campaignSlug=$SLUG"),
    ("GET", "/admin/reports/taxes"),
    ("GET", "/admin/reports/credits.csv?campaignSlug=$SLUG"),
    ("GET", "/admin/supporters?campaignSlug=$SLUG"),
    ("POST", "/admin/broadcast/announcement"),
    ("POST", "/admin/broadcast/diary"),
    ("POST", "/admin/broadcast/milestone"),
    ("GET", "/admin/broadcasts/x"),
    ("POST", "/admin/diary/check"),
    ("POST", "/admin/milestone-check/$SLUG"),
)
NOBODY = "unauthorized"
LEDGER = "/admin/reports/campaign-runner.csv"
SUPPORTERS = "/admin/supporters"
TAXES = "/admin/reports/taxes"
WRONG: tuple[tuple[str, dict[str, str]], ...] = (
    ("no secret", {}),
    ("wrong secret", {"Authorization": "Bearer wrong-secret"}),
    ("empty secret", {"Authorization": "Bearer "}),
    ("secret as a password", {"Authorization": "Basic $ADMIN"}),
    ("secret without a scheme", {"Authorization": "$ADMIN"}),
    ("secret and a letter", {"Authorization": "Bearer $ADMINx"}),
    ("secret in another header", {"X-Admin-Secret": "$ADMIN"}),
    ("secret in a cookie", {"Cookie": "pool_admin_session=$ADMIN; admin_secret=$ADMIN"}),
    ("secret in raw bytes", {"Authorization": "Bearer \xff\xfe"}),
    ("a supporter's link", {"Authorization": "Bearer $TOKEN"}),
    ("the gateway's header", {"X-Pool-Gateway": "$ADMIN"}),
)


TIER = {"campaignSlug": "$SLUG", "tierId": "last"}
FREE = {"campaignSlug": "$SLUG", "tierId": "reel"}
SHIRT = {"campaignSlug": "$SLUG", "productId": "$SHIRT", "variantId": "s"}


def _stock(name: str, body: Any, status: int, error: str = "") -> Case:
    return operate(f"inventory: {name}", "/admin/inventory", body, status, error)


def ask(name: str, target: str, status: int, error: str = "") -> Case:
    """Return an operator's question."""
    return Case(name=name, target=target, headers=OPERATOR, status=status, error=error)


def asked(name: str, method: str, path: str, headers: dict[str, str]) -> Case:
    """Return a question of somebody who is no operator."""
    return Case(
        name=f"{method} {path}: {name}",
        method=method,
        target=path,
        headers={**headers, **JSON},
        body=b"{}" if method == "POST" else None,
        status=401,
        error=NOBODY,
    )


CASES = (
    *(asked(name, method, path, headers) for method, path in ROUTES for name, headers in WRONG),
    read("secret in the query", "/admin/cron/status?secret=$ADMIN&token=$ADMIN", 401, NOBODY),
    Case(
        name="two Authorizations, the right one last",
        raw=b"GET /admin/cron/status HTTP/1.1\r\nHost: $HOST\r\nConnection: close\r\n"
        b"Authorization: Bearer x\r\nAuthorization: Bearer $ADMIN\r\n\r\n",
        status=401,
        error=NOBODY,
    ),
    *(
        operate(f"{path}: unknown campaign", path, {}, 404, error)
        for path, error in (
            ("/stats/no-such-film/check", "not_found"),
            ("/stats/no-such-film/recalculate", "not_found"),
            ("/admin/campaign-index/rebuild/no-such-film", "not_found"),
            ("/inventory/no-such-film/recalculate", "campaign_not_found"),
            ("/admin/settle/no-such-film", "unknown_campaign"),
            ("/admin/settle-dispatch/no-such-film", "unknown_campaign"),
        )
    ),
    Case(
        name="/admin/settlements: unknown campaign",
        target="/admin/settlements/no-such-film",
        headers=OPERATOR,
        status=404,
        error="unknown_campaign",
    ),
    *(
        ask(f"{path[7:]}: {name}", f"{path}?{query}", status, error)
        for path, name, query, status, error in (
            (LEDGER, "unknown campaign", "campaignSlug=no-such-film", 404, "not_found"),
            (LEDGER, "no campaign's name", "campaignSlug=%00", 400, "invalid_input"),
            (LEDGER, "no campaign", "reportType=pledge", 400, "invalid_input"),
            (LEDGER, "unknown report", "campaignSlug=$SLUG&reportType=../x", 400, "invalid_input"),
            (SUPPORTERS, "a NUL", "campaignSlug=$SLUG&search=%00", 400, "invalid_input"),
            (SUPPORTERS, "SQL", "campaignSlug=$SLUG&search=%27%20OR%201%3D1--", 200, ""),
            (SUPPORTERS, "unknown status", "campaignSlug=$SLUG&status=rich", 400, "invalid_input"),
            (SUPPORTERS, "everybody at once", "campaignSlug=$SLUG&limit=9e9", 400, "invalid_input"),
            (TAXES, "the end of time", "until=9999-12-31", 400, "invalid_input"),
            (TAXES, "no day", "since=1%20OR%201", 400, "invalid_input"),
        )
    ),
    *(
        operate(f"{path}: no campaign's name", path, {}, 400, "invalid_input")
        for path in ("/stats/FILM/check", "/stats/%ff/recalculate")
    ),
    *(
        operate(f"{path}: no campaign's name", path, {}, 404, "unknown_campaign")
        for path in ("/admin/settle/FILM", "/admin/settle/%ff", "/admin/settle/%3Cscript%3E")
    ),
    operate(
        "settle: dryRun as a text", "/admin/settle/$SLUG", {"dryRun": "true"}, 400, "invalid_input"
    ),
    operate(
        "settle: dryRun as a number", "/admin/settle/$SLUG", {"dryRun": 1}, 400, "invalid_input"
    ),
    operate("settle: a list", "/admin/settle/$SLUG", [], 400, "invalid_input"),
    operate("settle: a plan, before the close", "/admin/settle/$SLUG", {"dryRun": True}, 200),
    operate("settle: before the close", "/admin/settle/$SLUG", {}, 409, "not_closed"),
    operate("dispatch: before the close", "/admin/settle-dispatch/$SLUG", {}, 409, "not_closed"),
    operate(
        "dispatch: a plan of another day",
        "/admin/settle-dispatch/$SLUG",
        {"planHash": "0" * 64},
        409,
        "not_closed",
    ),
    operate(
        "dispatch: hash as a number",
        "/admin/settle-dispatch/$SLUG",
        {"planHash": 1},
        400,
        "invalid_input",
    ),
    operate(
        "close: a campaign that is not being counted",
        "/admin/close/$SLUG",
        {"orderCount": 1},
        409,
        "not_closing",
    ),
    operate(
        "close: unknown campaign", "/admin/close/no-such-film", {"orderCount": 1}, 404, "not_found"
    ),
    *(
        operate(f"close: {name}", "/admin/close/$SLUG", body, 400, "invalid_input")
        for name, body in (
            ("no count", {}),
            ("a count as a text", {"orderCount": "1"}),
            ("half an order", {"orderCount": 1.5}),
            ("less than none", {"orderCount": -1}),
            ("more than there can be", {"orderCount": 2**31}),
            ("something else as well", {"orderCount": 1, "force": True}),
            ("a list", [1]),
        )
    ),
    *(
        _stock(name, body, 400, "invalid_input")
        for name, body in (
            ("nothing", {}),
            ("a list", []),
            ("another action", {"action": "sell", "tierId": "last"}),
            ("an unknown field", {**TIER, "action": "reset", "limit": 5}),
            ("no quantity", {**TIER, "action": "set"}),
            ("a negative quantity", {**TIER, "action": "set", "quantity": -1}),
            ("a quantity and a half", {**TIER, "action": "set", "quantity": 1.5}),
            ("a quantity as a text", {**TIER, "action": "set", "quantity": "5"}),
            ("quantity true", {**TIER, "action": "set", "quantity": True}),
            ("quantity 2^63", {**TIER, "action": "set", "quantity": 2**63}),
            ("quantity 10^30", {**TIER, "action": "restock", "quantity": 10**30}),
            ("none more", {**TIER, "action": "restock", "quantity": 0}),
            ("a reset to something", {**TIER, "action": "reset", "quantity": 1}),
            ("a tier of no campaign", {"tierId": "last", "action": "reset"}),
            ("both at once", {**TIER, "productId": "$SHIRT", "action": "reset"}),
            ("neither", {"campaignSlug": "$SLUG", "action": "reset"}),
            ("by nobody", {**TIER, "action": "reset", "by": ""}),
            ("by mail headers", {**TIER, "action": "reset", "by": "a\r\nBcc: x"}),
            ("by 201 letters", {**TIER, "action": "reset", "by": "a" * 201}),
            ("a campaign as an operator", {**TIER, "campaignSlug": {"$gt": ""}, "action": "reset"}),
        )
    ),
    *(
        _stock(name, {"action": "reset", **body}, 404, error)
        for name, body, error in (
            ("unknown campaign", {**TIER, "campaignSlug": "no-such-film"}, "campaign_not_found"),
            ("a campaign that climbs", {**TIER, "campaignSlug": "../x"}, "campaign_not_found"),
            ("unknown tier", {**TIER, "tierId": "nothing"}, "item_not_found"),
            ("a tier in a size", {**TIER, "variantId": "s"}, "item_not_found"),
            ("a shirt in no size", {**SHIRT, "variantId": None}, "item_not_found"),
            ("a shirt in no such size", {**SHIRT, "variantId": "xxl"}, "item_not_found"),
            ("a shirt of the platform", {**SHIRT, "campaignSlug": None}, "item_not_found"),
            ("SQL", {**SHIRT, "variantId": "s' OR '1'='1"}, "item_not_found"),
        )
    ),
    _stock(
        "more of what has no limit", {**FREE, "action": "restock", "quantity": 1}, 409, "unlimited"
    ),
    _stock(
        "a limit nobody has seen",
        {**TIER, "action": "set", "quantity": 9, "expectedLimit": 8},
        409,
        "conflict",
    ),
    _stock("back to the author's word", {**TIER, "action": "reset"}, 200),
    operate("rebuild: a body that is no JSON is not read", "/admin/rebuild", b"\xff", 200),
)
