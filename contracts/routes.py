"""The gateway's route table: which service answers which path, and who may ask.

`access` says who may ask: `public` anybody; `browser` needs the site's own origin;
`admin` needs `Authorization: Bearer $ADMIN_SECRET`; `webhook` carries its own
signature. `failures_per_minute` limits failed requests per address (decisions.md,
"Rate limiting"); None means unlimited. Limits are bytes, time-outs seconds. What
`is_streamed` may be of any length and is passed on as it comes; its time-out is for the
beginning, and for each part.
"""

from typing import Literal

import msgspec

Access = Literal["public", "browser", "admin", "webhook"]
KIB = 1_024


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One method on one path of the public API."""

    method: Literal["GET", "POST"]
    path: str
    owner: str
    access: Access
    body_max: int = 16 * KIB
    timeout_seconds: float = 10.0
    failures_per_minute: int | None = None
    is_streamed: bool = False


def _get(path: str, owner: str, access: Access = "public", **more: float | None) -> Route:
    return msgspec.convert(
        {"method": "GET", "path": path, "owner": owner, "access": access, **more}, Route
    )


def _post(path: str, owner: str, access: Access, **more: float | None) -> Route:
    return msgspec.convert(
        {"method": "POST", "path": path, "owner": owner, "access": access, **more}, Route
    )


ROUTES: tuple[Route, ...] = (
    _post(
        "/checkout-intent/start",
        "checkout",
        "browser",
        body_max=64 * KIB,
        timeout_seconds=15.0,
        failures_per_minute=40,
    ),
    _post("/checkout-intent/complete", "checkout", "browser", failures_per_minute=30),
    _post("/checkout-intent/abandon", "checkout", "browser", failures_per_minute=30),
    _get("/checkout-intent/status/{order_id}", "checkout", timeout_seconds=15.0),
    _get("/checkout-intent/summary", "checkout", failures_per_minute=60),
    _post("/quote", "checkout", "browser", body_max=64 * KIB, failures_per_minute=90),
    _post("/shipping/quote", "checkout", "browser", body_max=64 * KIB, failures_per_minute=90),
    _post("/tax/quote", "checkout", "browser", failures_per_minute=90),
    _get("/inventory/{slug}", "checkout"),
    _get("/add-ons/inventory", "checkout"),
    _post("/admin/inventory", "checkout", "admin", failures_per_minute=5),
    _post("/webhooks/stripe", "checkout", "webhook", body_max=256 * KIB),
    _post("/admin/recover-checkout", "checkout", "admin", failures_per_minute=5),
    _post(
        "/admin/recover-lost-checkouts",
        "checkout",
        "admin",
        timeout_seconds=15.0,
        failures_per_minute=5,
    ),
    _post(
        "/pledge/payment-method/start",
        "checkout",
        "browser",
        timeout_seconds=15.0,
        failures_per_minute=30,
    ),
    _post("/pledge/payment-method/complete", "checkout", "browser", failures_per_minute=30),
    _get("/pledge", "pledges", failures_per_minute=120),
    _get("/pledges", "pledges", failures_per_minute=120),
    _get("/pledge/export", "pledges", failures_per_minute=120),
    _get("/pledge/mails", "notify", failures_per_minute=120),
    _post("/pledge/erase", "pledges", "browser", failures_per_minute=30),
    _post("/pledge/cancel", "pledges", "browser", failures_per_minute=30),
    _post("/pledge/links", "pledges", "public", failures_per_minute=30),
    _post("/pledge/modify", "pledges", "browser", timeout_seconds=15.0, failures_per_minute=30),
    _post("/pledge/quote", "pledges", "browser", failures_per_minute=90),
    _get("/pay/{token}", "settlement", failures_per_minute=120),
    _post(
        "/pledge/authenticate/start",
        "settlement",
        "browser",
        timeout_seconds=15.0,
        failures_per_minute=30,
    ),
    _get("/votes", "pledges", failures_per_minute=45),
    _post("/votes", "pledges", "browser", failures_per_minute=45),
    _get("/community", "pledges", failures_per_minute=45),
    _post("/credits", "pledges", "browser", failures_per_minute=30),
    _get("/stats/{slug}", "pledges"),
    _post("/stats/{slug}/check", "pledges", "admin", failures_per_minute=5),
    _post("/stats/{slug}/recalculate", "pledges", "admin", failures_per_minute=5),
    _post("/admin/projections/check", "pledges", "admin", failures_per_minute=5),
    _post("/admin/campaign-index/rebuild/{slug}", "pledges", "admin", failures_per_minute=5),
    _post("/inventory/{slug}/recalculate", "checkout", "admin", failures_per_minute=5),
    _get("/admin/evidence/{order_id}", "pledges", "admin", failures_per_minute=5),
    _get("/admin/reports/campaign-runner/preview", "pledges", "admin", failures_per_minute=5),
    _get(
        "/admin/reports/campaign-runner.csv",
        "pledges",
        "admin",
        timeout_seconds=15.0,
        failures_per_minute=5,
        is_streamed=True,
    ),
    _get("/admin/reports/credits.csv", "pledges", "admin", failures_per_minute=5),
    _get("/admin/reports/taxes", "pledges", "admin", failures_per_minute=5),
    _get("/admin/supporters", "pledges", "admin", failures_per_minute=5),
    _get("/admin/figures", "pledges", "admin", failures_per_minute=5),
    _get("/admin/figures/{slug}", "pledges", "admin", failures_per_minute=5),
    _get("/admin/figures/{slug}/referrals", "pledges", "admin", failures_per_minute=5),
    _get("/admin/mails/{order_id}", "notify", "admin", failures_per_minute=5),
    _post("/launch-reminders", "notify", "browser", failures_per_minute=10),
    _get("/launch-reminders/unsubscribe", "notify", failures_per_minute=60),
    _post("/launch-reminders/unsubscribe", "notify", "public", failures_per_minute=60),
    _get("/campaign-email/unsubscribe", "notify", failures_per_minute=60),
    _post("/campaign-email/unsubscribe", "notify", "public", failures_per_minute=60),
    _post("/webhooks/resend", "notify", "webhook", body_max=256 * KIB),
    _post(
        "/admin/broadcast/announcement",
        "notify",
        "admin",
        body_max=64 * KIB,
        failures_per_minute=5,
    ),
    _post("/admin/broadcast/diary", "notify", "admin", failures_per_minute=5),
    _post("/admin/broadcast/milestone", "notify", "admin", failures_per_minute=5),
    _post(
        "/admin/broadcast/preview",
        "notify",
        "admin",
        body_max=64 * KIB,
        failures_per_minute=5,
    ),
    _get("/admin/broadcasts", "notify", "admin", failures_per_minute=5),
    _get("/admin/broadcasts/{broadcast_id}", "notify", "admin", failures_per_minute=5),
    _post("/admin/diary/check", "notify", "admin", failures_per_minute=5),
    _post("/admin/milestone-check/{slug}", "notify", "admin", failures_per_minute=5),
    _post("/admin/close/{slug}", "pledges", "admin", failures_per_minute=5),
    _post("/admin/settle/{slug}", "settlement", "admin", failures_per_minute=5),
    _post("/admin/settle-dispatch/{slug}", "settlement", "admin", failures_per_minute=5),
    _post("/admin/settle-batch", "settlement", "admin", failures_per_minute=5),
    _get("/admin/settlements/{slug}", "settlement", "admin", failures_per_minute=5),
    _get("/admin/cron/status", "settlement", "admin", failures_per_minute=5),
    _post("/admin/refunds", "settlement", "admin", failures_per_minute=5),
    _get("/admin/refunds/{slug}", "settlement", "admin", failures_per_minute=5),
    _post(
        "/admin/analytics/stripe-financials/backfill",
        "settlement",
        "admin",
        failures_per_minute=5,
    ),
    _post("/admin/reconcile", "settlement", "admin", failures_per_minute=5),
    _get("/admin/reconciliations", "settlement", "admin", failures_per_minute=5),
    _get("/admin/payments", "settlement", "admin", failures_per_minute=5),
    _post("/admin/payments/pause", "settlement", "admin", failures_per_minute=5),
    _post("/admin/payments/resume", "settlement", "admin", failures_per_minute=5),
    _get("/admin/disputes", "settlement", "admin", failures_per_minute=5),
    _get("/admin/disputes/{dispute_id}", "settlement", "admin", failures_per_minute=5),
)
