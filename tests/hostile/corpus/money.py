"""Operators' routes about money after a charge, asked wrongly."""

from tests.hostile.case import OPERATOR, Case, operate, read
from tests.hostile.corpus.authority import WRONG, asked

ROUTES = (
    ("POST", "/admin/refunds"),
    ("GET", "/admin/refunds/$SLUG"),
    ("POST", "/admin/analytics/stripe-financials/backfill"),
    ("POST", "/admin/reconcile"),
    ("GET", "/admin/reconciliations"),
    ("GET", "/admin/payments"),
    ("POST", "/admin/payments/pause"),
    ("POST", "/admin/payments/resume"),
    ("GET", "/admin/disputes"),
    ("GET", "/admin/disputes/du_1"),
    ("GET", "/admin/evidence/pool-intent-none"),
    ("GET", "/admin/mails/pool-intent-none"),
    ("POST", "/admin/campaigns/$SLUG/cancel"),
)
REFUNDS, BACKFILL = "/admin/refunds", "/admin/analytics/stripe-financials/backfill"
ALL = {"campaignSlug": "$SLUG"}


def _operator(name: str, target: str, status: int, error: str = "") -> Case:
    return read(name, target, status, error, **OPERATOR)


CASES = (
    *(asked(name, method, path, headers) for method, path in ROUTES for name, headers in WRONG),
    *(
        operate(f"refund: {name}", REFUNDS, body, 400, "invalid_input")
        for name, body in (
            ("nothing", {}),
            ("a list", []),
            ("an unknown field", {**ALL, "force": True}),
            ("of no campaign", {"campaignSlug": ""}),
            ("of a campaign as an operator", {"campaignSlug": {"$gt": ""}}),
            ("of a campaign with NUL", {"campaignSlug": "film\x00"}),
            ("of a part of everything", {**ALL, "amount": 100}),
            ("to two at once", {**ALL, "orderId": "a", "supporter": "b"}),
            ("of nothing", {**ALL, "orderId": "a", "amount": 0}),
            ("of less than nothing", {**ALL, "orderId": "a", "amount": -1}),
            ("of half a cent", {**ALL, "orderId": "a", "amount": 0.5}),
            ("of a text", {**ALL, "orderId": "a", "amount": "100"}),
            ("of 10^30 cents", {**ALL, "orderId": "a", "amount": 10**30}),
            ("for 501 letters", {**ALL, "reason": "a" * 501}),
        )
    ),
    operate(
        "refund: of a part without a key",
        REFUNDS,
        {**ALL, "orderId": "a", "amount": 100},
        400,
        "invalid_input",
    ),
    operate("refund: before the close", REFUNDS, ALL, 409, "not_closed"),
    operate("refund: before the close, dry", REFUNDS, {**ALL, "dryRun": True}, 409, "not_closed"),
    operate("refund: unknown campaign", REFUNDS, {"campaignSlug": "../x"}, 404, "unknown_campaign"),
    _operator("refunds: unknown campaign", f"{REFUNDS}/no-such-film", 404, "unknown_campaign"),
    operate("backfill: nothing", BACKFILL, {}, 400, "invalid_input"),
    operate(
        "backfill: a dry run of a text", BACKFILL, {**ALL, "dryRun": "yes"}, 400, "invalid_input"
    ),
    operate("backfill: unknown", BACKFILL, {"campaignSlug": "no-such"}, 404, "unknown_campaign"),
    operate("backfill: nothing was charged", BACKFILL, {**ALL, "dryRun": True}, 200),
    operate("reconcile: an unknown field", "/admin/reconcile", {"all": 1}, 400, "invalid_input"),
    operate("pause: an unknown field", "/admin/payments/pause", {"for": 5}, 400, "invalid_input"),
    operate("resume: with NUL", "/admin/payments/resume", {"by": "a\x00"}, 400, "invalid_input"),
    operate("resume: nothing is paused", "/admin/payments/resume", {}, 200),
    *(
        _operator(
            f"reconciliations: run {name}",
            f"/admin/reconciliations?run={name}",
            400,
            "invalid_input",
        )
        for name in ("x", "1.5", "one")
    ),
    *(
        _operator(
            f"reconciliations: no run {name}",
            f"/admin/reconciliations?run={name}",
            404,
            "unknown_run",
        )
        for name in ("0", "-1", "4711", "9999999999999999999999")
    ),
    _operator("dispute: unknown", "/admin/disputes/du_none", 404, "unknown_dispute"),
    _operator("evidence: unknown", "/admin/evidence/pool-intent-none", 404, "unknown_pledge"),
    _operator("mails: of nobody", "/admin/mails/pool-intent-none", 200),
    operate(
        "cancel: unknown campaign",
        "/admin/campaigns/no-such-film/cancel",
        {},
        404,
        "unknown_campaign",
    ),
)
