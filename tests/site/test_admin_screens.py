"""The operator's screens: asked of the owners with the secret, shown to who may, written down."""

from typing import Any

from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite

AT = "2026-11-20T07:00:00Z"
SHARE = {"supporters": 2, "amount": 11_888}
NOBODY = {"supporters": 0, "amount": 0}
CERTIFICATE = {
    name: NOBODY
    for name in (
        "planned",
        "succeeded",
        "failed",
        "unknown",
        "lost",
        "stripeKnown",
        "stripeAwaited",
    )
} | {"planned": SHARE, "succeeded": SHARE, "stripeKnown": SHARE}
RUN: dict[str, Any] = {
    "status": "recovering",
    "planned": 3,
    "succeeded": 2,
    "failed": 1,
    "unknown": 0,
    "lost": 0,
    "amounts": {"planned": 17_832, "succeeded": 11_888, "failed": 5_944},
    "startedAt": AT,
    "settledAt": None,
    "certificate": CERTIFICATE
    | {"duplicates": 0, "agreesWithStripe": True, "addsUp": True, "openCharges": []},
}
PLAN: dict[str, Any] = {
    "planHash": "b5" * 32,
    "isForecast": False,
    "isFunded": True,
    "supporters": 3,
    "totalAmount": 17_832,
    "expectedFees": 609,
    "charges": [
        {
            "supporter": "sup_1",
            "orderIds": ["pool-intent-1"],
            "amount": 5_944,
            "card": {"brand": "visa", "last4": "4242", "expMonth": 1, "expYear": 2030},
            "flags": ["expires_in_recovery"],
        }
    ],
    "chargeCount": 3,
    "excluded": [],
    "excludedCount": 0,
}
REFUND_PLAN = {
    "campaignSlug": "long-take",
    "planHash": "c7" * 32,
    "total": 11_888,
    "refundCount": 2,
    "leftOutCount": 0,
    "requestId": "rq_1",
    "status": "planned",
}
RECOVERING = {
    "chargeId": "ch_9",
    "orderIds": ["pool-intent-9"],
    "amount": 5_944,
    "status": "declined",
    "because": "funds",
    "firstDeclinedAt": AT,
    "nextAttemptAt": None,
    "endsAt": AT,
}
DISPUTE = {
    "disputeId": "du_1",
    "kind": "dispute",
    "status": "needs_response",
    "reason": "fraudulent",
    "amount": 5_944,
    "evidenceDueAt": None,
    "openedAt": AT,
    "campaignSlug": "long-take",
    "orderIds": ["pool-intent-9"],
}
REFUNDS = {"isRefunding": False, "hasEnded": False, "refunds": {}, "amounts": {}, "openCharges": 0}
CALENDAR = {
    "isAlive": True,
    "now": AT,
    "nextTimers": [
        {"campaignSlug": "long-take", "kind": "deadline", "dueAt": AT},
        {"campaignSlug": "secret-film", "kind": "start", "dueAt": AT},
    ],
}
THEIRS = {"role": "campaign", "campaigns": ["long-take"]}


async def ada(site: RunningSite) -> Visitor:
    return await signed_in(site, "ada@pool.example")


def answers(shared: tuple[RunningSite, Behind], *documents: object) -> Behind:
    """Have the services answer these, one after the other, and forget what was asked."""
    services = shared[1]
    services.forget()
    services.queue.extend((200, each) for each in documents)
    return services


def settled(shared: tuple[RunningSite, Behind]) -> Behind:
    """Have settlement answer as for a campaign that is being charged."""
    services = answers(shared)
    services.known = {
        "/admin/settlements/long-take": (200, RUN),
        "/admin/refunds/long-take": (200, REFUNDS),
        "/admin/disputes": (200, [DISPUTE]),
        "/internal/recovering/long-take": (200, {"charges": [RECOVERING], "nextAfter": "ch_9"}),
        "/internal/plans/long-take": (200, PLAN),
        "/internal/refunds/long-take": (200, REFUND_PLAN),
    }
    return services


async def test_a_campaigns_settlement_is_shown_with_plan_run_and_proof(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = settled(shared)

    page = await visitor.get("/admin/settlement/long-take/")
    plan = await visitor.get("/admin/settlement/long-take/plan/")

    assert (page.status_code, plan.status_code) == (200, 200)
    for said in (
        *("The Long Take", "Recovering", "$118.88", "Stripe agrees"),
        *("Not enough money on the card", "pool-intent-9", "?after=ch_9", "Fraud"),
    ):
        assert said in page.text
    for said in ("$6.09", PLAN["planHash"], "The first 1 of 3", "Try what is due now"):
        assert said in plan.text
    for each in services.heard:
        assert each.headers["authorization"] == f"Bearer {one_film.admin_secret}"
        assert "cookie" not in each.headers
    assert one_film.admin_secret not in page.text


async def test_before_the_close_there_is_a_forecast_and_nothing_to_give_back(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    early = {**RUN, "status": "not_closed", "planned": 0, "startedAt": None, "certificate": None}
    services = settled(shared)
    services.known["/admin/settlements/long-take"] = (200, {**early, "failed": 0})
    services.known["/internal/plans/long-take"] = (200, {**PLAN, "isForecast": True})
    not_closed = (409, {"error": "not_closed", "message": "Not closed."})
    services.known["/admin/refunds/long-take"] = not_closed
    services.known["/internal/refunds/long-take"] = not_closed

    page = await visitor.get("/admin/settlement/long-take/")
    plan = await visitor.get("/admin/settlement/long-take/plan/")
    refund = await visitor.get("/admin/settlement/long-take/refund/")

    assert page.status_code == 200
    for said in ("Not closed yet", "No money has gone back."):
        assert said in page.text
    assert "Refund the whole campaign" not in page.text
    assert "What would be charged now" in plan.text
    assert "Try what is due now" not in plan.text
    assert refund.status_code == 409


async def test_a_whole_campaign_is_refunded_by_the_sum_that_was_seen_once(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = settled(shared)
    path = "/admin/settlement/long-take/refund"

    page = await visitor.get(f"{path}/")
    unsure = await visitor.post(path, plan="c7" * 32, reason="a storm")
    done = await visitor.post(path, plan="c7" * 32, reason="a storm", sure="yes")
    sent = services.heard[-1]
    services.known["/admin/refunds/long-take"] = (
        200,
        {**REFUNDS, "isRefunding": True, "refunds": {"succeeded": 1}, "amounts": {"succeeded": 5}},
    )
    under_way = await visitor.get(f"{path}/")

    for said in ("2 refunds of $118.88 together go back.", "c7" * 32):
        assert said in page.text
    assert unsure.status_code == 400
    assert "Say that you have looked at the sum." in unsure.text
    assert 'value="a storm"' in unsure.text
    assert done.headers["location"] == f"{path}/?done=refund-begun"
    assert sent.body == b'{"planHash":"' + b"c7" * 32 + b'","reason":"a storm"}'
    for said in ("The whole campaign is refunded", "<progress", "Look again"):
        assert said in under_way.text
    log = await visitor.get("/admin/audit/", params={"action": "campaign_refund_begun"})
    for said in ("Began to refund a whole campaign", "rq_1", "a storm"):
        assert said in log.text


async def test_what_is_due_is_tried_by_the_plan_that_was_seen_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared, RUN)

    done = await visitor.post("/admin/settlement/long-take/dispatch", plan="b5b5")

    assert done.headers["location"] == "/admin/settlement/long-take/?done=dispatched"
    assert services.heard[0].body == b'{"planHash":"b5b5"}'
    log = await visitor.get("/admin/audit/", params={"action": "settlement_dispatched"})
    assert "Had what is due tried now" in log.text
    assert "b5b5" in log.text


async def test_a_stale_plan_is_shown_again_with_the_reason(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared)
    stale = {"error": "stale_plan", "message": "The plan has changed."}
    services.queue.extend([(409, stale)])
    services.known = {
        "/internal/plans/long-take": (200, PLAN),
        "/admin/settlements/long-take": (200, RUN),
    }

    page = await visitor.post("/admin/settlement/long-take/dispatch", plan="old")

    assert page.status_code == 409
    assert "The plan has changed since you looked." in page.text
    assert PLAN["planHash"] in page.text


async def test_payments_stand_still_and_go_on_in_the_name_of_who_said_so(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared, {"isPaused": True}, {"isPaused": False})

    paused = await visitor.post("/admin/settlement/pause", because="a bank is down")
    resumed = await visitor.post("/admin/settlement/resume")

    assert paused.headers["location"].endswith("done=paused")
    assert resumed.headers["location"].endswith("done=resumed")
    assert services.heard[0].body == b'{"because":"a bank is down","by":"ada@pool.example"}'
    assert [each.target for each in services.heard] == [
        "/admin/payments/pause",
        "/admin/payments/resume",
    ]


async def test_a_campaign_user_hears_of_no_other_campaign(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "theirs@pool.example", **THEIRS)
    dispute = {
        "disputeId": "du_1",
        "kind": "dispute",
        "status": "needs_response",
        "reason": "fraudulent",
        "amount": 5_944,
        "evidenceDueAt": None,
        "openedAt": AT,
        "campaignSlug": "secret-film",
        "orderIds": [],
    }
    answers(shared, CALENDAR, {"isPaused": False}, [dispute])

    page = await visitor.get("/admin/settlement/")

    assert page.status_code == 200
    assert "The Long Take" in page.text
    assert "secret-film" not in page.text
    assert "Pause all payments" not in page.text


async def test_a_report_is_looked_at_taken_along_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    preview = {"columns": ["email"], "rows": [["noor@people.example"]], "hasMore": True}
    services = answers(shared, preview)
    services.answer = b"email\r\nnoor@people.example\r\n"

    page = await visitor.get("/admin/report/long-take/", params={"type": "fulfillment"})
    file = await visitor.get("/admin/report/long-take/csv", params={"type": "fulfillment"})

    assert "These are the first rows." in page.text
    assert file.content == services.answer
    assert 'filename="long-take-fulfillment.csv"' in file.headers["content-disposition"]
    log = await visitor.get("/admin/audit/", params={"action": "report_downloaded"})
    assert "Downloaded a report" in log.text


async def test_a_service_that_is_away_is_said_in_words(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = settled(shared)
    services.known["/admin/settlements/long-take"] = (503, {"error": "busy", "message": "busy"})

    page = await visitor.get("/admin/settlement/long-take/")

    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "A part this needs is away" in page.text
