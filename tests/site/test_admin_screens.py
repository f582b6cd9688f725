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
    "excluded": [],
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
STORY = {
    "orderId": "pool-intent-1",
    "campaignSlug": "long-take",
    "email": "noor@people.example",
    "createdAt": AT,
    "chargedAt": None,
    "amount": 5_944,
    "items": ["A <frame>"],
    "history": [{"type": "created", "at": AT, "status": "active", "amount": 5_944}],
    "money": [],
}
MAIL = {"mailId": "m", "kind": "pledge_confirmed", "writtenAt": AT, "status": "sent", "sentAt": AT}
SUPPORTER = {
    "email": "noor@people.example",
    "orderIds": ["pool-intent-1"],
    "statuses": ["active"],
    "itemNames": ["A frame"],
    "amount": 5_944,
    "country": "US",
    "firstPledgedAt": AT,
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


async def test_a_campaigns_settlement_is_shown_with_plan_run_and_proof(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared, RUN, PLAN, REFUNDS)

    page = await visitor.get("/admin/settlement/long-take/")

    assert page.status_code == 200
    for said in (
        "The Long Take",
        "Recovering",
        "$118.88",
        "Stripe agrees",
        "$6.09",
        PLAN["planHash"],
    ):
        assert said in page.text
    assert [each.target for each in services.heard] == [
        "/admin/settlements/long-take",
        "/admin/settle/long-take",
        "/admin/refunds/long-take",
    ]
    assert services.heard[1].body == b'{"dryRun":true}'
    for each in services.heard:
        assert each.headers["authorization"] == f"Bearer {one_film.admin_secret}"
        assert "cookie" not in each.headers
    assert one_film.admin_secret not in page.text


async def test_before_the_close_there_is_a_forecast_and_nothing_to_give_back(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    early = {**RUN, "status": "not_closed", "planned": 0, "startedAt": None, "certificate": None}
    services = answers(shared, early, {**PLAN, "isForecast": True})
    services.queue.append((409, {"error": "not_closed", "message": "Not closed."}))

    page = await visitor.get("/admin/settlement/long-take/")

    assert page.status_code == 200
    for said in ("What would be charged now", "Not closed yet", "No money has gone back."):
        assert said in page.text
    assert "Try what is due now" not in page.text


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
    services.queue.extend([(409, stale), (200, RUN), (200, PLAN), (200, REFUNDS)])

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


async def test_supporters_are_searched_and_paged_by_the_ledger(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "theirs@pool.example", **THEIRS)
    page_of = {
        "campaignSlug": "long-take",
        "supporters": [SUPPORTER],
        "nextAfter": "noor@x.example",
    }
    services = answers(shared, page_of, {**page_of, "supporters": [], "nextAfter": None})

    page = await visitor.get("/admin/people/long-take/", params={"search": "no&r", "status": ""})
    none = await visitor.get("/admin/people/long-take/", params={"status": "charged"})

    asked = "/admin/supporters?campaignSlug=long-take&limit=50"
    assert services.heard[0].target == f"{asked}&search=no%26r"
    assert services.heard[1].target == f"{asked}&status=charged"
    assert "noor@people.example" in page.text
    assert "search=no%26r&amp;after=noor%40x.example" in page.text
    assert "Nobody fits all of these filters." in none.text


async def test_a_pledges_story_is_shown_to_its_own_campaign_alone(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await signed_in(one_film, "theirs@pool.example", **THEIRS)
    answers(shared, STORY, [MAIL], {**STORY, "campaignSlug": "secret-film"})

    own = await visitor.get("/admin/people/long-take/pool-intent-1/")
    other = await visitor.get("/admin/people/long-take/pool-intent-2/")

    assert "A &lt;frame&gt;" in own.text
    assert "Pledge confirmed" in own.text
    assert other.status_code == 404
    assert "noor@people.example" not in other.text


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
    services = answers(shared)
    services.queue.append((503, {"error": "busy", "message": "busy"}))

    page = await visitor.get("/admin/settlement/long-take/")

    assert page.status_code == 503
    assert page.headers["retry-after"] == "5"
    assert "A part this needs is away" in page.text


async def test_a_pledges_money_is_given_back_by_a_super_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    asked = {"requestId": "r-1", "status": "asked"}
    services = answers(shared, {**STORY, "chargedAt": AT}, [MAIL], STORY, asked)

    page = await visitor.get("/admin/people/long-take/pool-intent-1/")
    done = await visitor.post("/admin/people/long-take/pool-intent-1/refund", reason="ill")

    assert "Refund this pledge" in page.text
    assert done.headers["location"].endswith("?done=refunded")
    assert services.heard[-1].target == "/admin/refunds"
    body = b'{"campaignSlug":"long-take","orderId":"pool-intent-1","reason":"ill"}'
    assert services.heard[-1].body == body
    log = await visitor.get("/admin/audit/", params={"action": "refund_asked"})
    assert "r-1" in log.text


async def test_another_campaigns_pledge_is_not_refunded_under_this_ones_address(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = answers(shared, *[{**STORY, "campaignSlug": "secret-film"}] * 2)

    refused = await visitor.post("/admin/people/long-take/pool-intent-1/refund", reason="ill")

    assert refused.status_code == 404
    assert "/admin/refunds" not in [each.target for each in services.heard]
