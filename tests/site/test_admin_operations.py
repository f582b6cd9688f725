"""The operator's screens: every service, what is stuck there, and what is done about it."""

import re
from datetime import datetime

import asyncpg
import msgspec

from contracts.events.settlement import CampaignWentLive
from contracts.ids import CampaignSlug
from services.chassis.events.outbox import new_event_id
from tests.site.admins import Visitor, signed_in
from tests.site.running import Behind, RunningSite
from tests.site.test_admin_screens import AT

DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')
RUN = {
    "runId": 1,
    "requestedBy": "daily",
    "requestedAt": AT,
    "finishedAt": AT,
    "charges": 2,
    "intents": 3,
    "error": None,
}
BREAK = {
    "kind": "amount",
    "subject": "ch_1",
    "campaignSlug": "long-take",
    "ours": "1",
    "theirs": "2",
    "firstSeen": AT,
    "timesSeen": 7,
}
QUEUE = {"durable": "pledges-orders", "stream": "CHECKOUT", "pending": 4, "inHand": None}
WATCHED = {
    "service": "pledges",
    "outbox": {"waiting": 12, "oldestSeconds": 7_300},
    "parked": {"parked": 3, "behind": 2, "early": 0},
    "queues": [QUEUE],
}
EVENT = {
    "parkedId": 12,
    "consumer": "pledges-orders",
    "subject": "checkout.completed.order",
    "eventId": "e-1",
    "aggregateId": "order",
    "aggregateVersion": 1,
    "error": "ValueError: <this> cannot be",
    "deliveries": 6,
    "isWaiting": False,
    "parkedAt": AT,
    "tryAgainAt": None,
}
TOLD = {"receivedToday": 42, "lastAt": AT, "waiting": 5, "oldestSeconds": 90, "parked": 1}
MAILS = {
    "queued": 3,
    "oldestSeconds": 120,
    "parked": 1,
    "undeliverable": 1,
    "bounced": 2,
    "complained": 0,
    "suppressed": 4,
    "reportsParked": 0,
}
STUCK = {
    "number": 9,
    "mailId": "mail-9",
    "kind": "pledge_confirmed",
    "campaignSlug": "long-take",
    "address": "noor@people.example",
    "status": "bounced",
    "writtenAt": AT,
    "said": "Permanent General",
    "canResend": True,
}


async def ada(site: RunningSite) -> Visitor:
    return await signed_in(site, "ada@pool.example")


def all_answer(shared: tuple[RunningSite, Behind]) -> Behind:
    services = shared[1]
    services.forget()
    services.known = {
        "/readyz": (200, {"ready": True, "degraded": []}),
        "/internal/watched": (200, WATCHED),
        "/internal/parked": (200, {"events": [EVENT], "nextAfter": None}),
        "/internal/webhooks": (200, TOLD),
        "/internal/mails": (200, MAILS),
        "/admin/reconciliations": (200, {"run": RUN, "openBreaks": [BREAK]}),
    }
    return services


async def test_every_service_is_shown_with_what_waits_and_is_stuck(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)

    page = await visitor.get("/admin/operations/")

    assert page.status_code == 200
    for said in (
        *("checkout", "pledges", "settlement", "notify", "site"),
        *("Well", "2 h", "pledges-orders", "pledges-12", "ValueError: &lt;this&gt; cannot be"),
        *("42", "2 min", "ch_1", "Compare now", "Addresses that get no more news"),
    ):
        assert said in page.text
    for each in services.heard:
        is_open = each.target == "/readyz"
        assert ("authorization" in each.headers) is not is_open
    assert one_film.admin_secret not in page.text


async def test_whoever_is_away_is_said_to_be_and_the_others_are_shown(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)
    gone = (503, {"error": "busy", "message": "busy"})
    services.known |= {"/readyz": gone, "/internal/parked": gone, "/internal/mails": gone}
    services.known |= {"/admin/reconciliations": gone}

    page = await visitor.get("/admin/operations/")

    assert page.status_code == 200
    for said in ("Away", "pledges does not answer", "notify does not answer", "12"):
        assert said in page.text
    assert "Nothing is parked" not in page.text
    assert "No difference is open" not in page.text


async def test_charges_are_compared_in_the_name_of_who_asked(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)
    services.known["/admin/reconcile"] = (200, {"run": RUN, "openBreaks": []})

    asked = await visitor.post("/admin/operations/reconcile")

    assert asked.headers["location"] == "/admin/operations/?done=reconciling"
    assert services.heard[-1].body == b'{"by":"ada@pool.example"}'


async def test_an_event_of_another_service_is_retried_there_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)
    failed = {"parkedId": 12, "consumer": "c", "eventId": "e", "outcome": "failed again"}
    services.known["/internal/parked/12/retry"] = (200, [failed | {"error": "ValueError"}])

    done = await visitor.post("/admin/operations/parked/pledges-12/retry")

    assert done.headers["location"] == "/admin/operations/parked/pledges-12/?done=parked-failed"
    assert services.heard[-1].body == b'{"by":"ada@pool.example"}'
    log = await visitor.get("/admin/audit/", params={"action": "parked_retried"})
    for said in ("Retried a parked event", "pledges-12", "failed again"):
        assert said in log.text


async def test_what_was_typed_is_kept_when_a_correction_is_refused(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)
    detail = {
        "event": EVENT,
        "payload": '{"a":1}',
        "digest": "d" * 64,
        "cannotFix": "",
        "wasFixed": False,
        "resolvedAt": None,
    }
    services.known["/internal/parked/12"] = (200, detail)
    fields = {"payload": "JSON is malformed"}
    refusal = {"error": "invalid_input", "message": "no", "fields": fields}
    services.known["/internal/parked/12/fix"] = (400, refusal)

    shown = await visitor.get("/admin/operations/parked/pledges-12/")
    again = await visitor.post(
        "/admin/operations/parked/pledges-12/fix", payload='{"a": 2', digest="d" * 64
    )

    assert "{\n  &#34;a&#34;: 1\n}" in shown.text
    assert again.status_code == 400
    assert "{&#34;a&#34;: 2</textarea>" in again.text
    assert "JSON is malformed" in again.text
    assert "/internal/parked/12/retry" not in [each.target for each in services.heard]


async def test_an_event_of_our_own_is_corrected_retried_and_done_once(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    all_answer(shared)
    key, whole = await _park(one_film, cut=9)
    page = await visitor.get(f"/admin/operations/parked/{key}/")
    digest = DIGEST.search(page.text)
    assert digest
    form = {"payload": whole, "digest": digest[1]}

    first = await visitor.post(f"/admin/operations/parked/{key}/fix", **form)
    second = await visitor.post(f"/admin/operations/parked/{key}/fix", **form)
    late = await visitor.post(f"/admin/operations/parked/{key}/give-up", because="too late")

    assert first.headers["location"].endswith("?done=parked-applied")
    assert (second.status_code, late.status_code) == (409, 409)
    assert "This event is done already." in second.text
    done = await visitor.get(first.headers["location"])
    assert "Applied, with what waited behind it." in done.text
    assert "Corrected" in done.text
    assert await _was_applied(one_film)
    log = await visitor.get("/admin/audit/", params={"words": key})
    assert log.text.count("Corrected a parked event</td>") == 1
    assert log.text.count("Retried a parked event</td>") == 1


async def test_an_event_is_given_up_for_a_reason(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    all_answer(shared)
    key, _ = await _park(one_film, cut=1)

    none = await visitor.post(f"/admin/operations/parked/{key}/give-up", because=" ")
    done = await visitor.post(f"/admin/operations/parked/{key}/give-up", because="a test")

    assert none.status_code == 400
    assert "Say why." in none.text
    assert done.headers["location"].endswith("?done=parked-given-up")
    listed = await visitor.get("/admin/operations/parked/?service=site")
    assert key not in listed.text


async def test_a_stuck_mail_is_sent_again_and_written_down(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)
    services.known["/internal/mails/stuck"] = (200, {"mails": [STUCK], "nextBefore": 9})
    sent = {"mailId": "mail-9", "kind": "pledge_confirmed", "campaignSlug": "long-take"}
    services.known["/internal/mails/mail-9/resend"] = (200, sent)

    page = await visitor.get("/admin/operations/mails/")
    done = await visitor.post("/admin/operations/mails/mail-9/resend")

    for said in ("noor@people.example", "Permanent General", "?before=9", "Send again"):
        assert said in page.text
    assert done.headers["location"] == "/admin/operations/mails/?done=mail-resent"
    assert services.heard[-1].body == b'{"by":"ada@pool.example"}'
    log = await visitor.get("/admin/audit/", params={"action": "mail_resent"})
    assert "mail-9" in log.text


async def test_sums_are_proven_and_counted_anew(
    one_film: RunningSite, shared: tuple[RunningSite, Behind]
) -> None:
    visitor = await ada(one_film)
    services = all_answer(shared)
    difference = {"what": "pledged_cents", "history": 5, "pledges": 5, "totals": None}
    check = {"campaignSlug": "long-take", "inSync": False, "differences": [difference]}
    services.known["/admin/projections/check"] = (200, {"inSync": False, "campaigns": [check]})
    services.known["/admin/campaign-index/rebuild/long-take"] = (200, {"corrected": True})
    services.known["/inventory/long-take/recalculate"] = (200, {"corrected": False})

    page = await visitor.get("/admin/operations/projections/")
    rebuilt = await visitor.post("/admin/operations/projections/long-take/rebuild")
    recounted = await visitor.post("/admin/operations/projections/long-take/recount")

    assert "pledged_cents: history 5, pledges 5, totals –" in page.text
    assert rebuilt.headers["location"] == "/admin/operations/projections/?done=rebuilt"
    assert recounted.status_code == 303
    log = await visitor.get("/admin/audit/", params={"campaign": "long-take"})
    assert "Had totals counted anew" in log.text
    assert "Had stock counted anew" in log.text


async def _park(site: RunningSite, *, cut: int) -> tuple[str, str]:
    """Park a start of the campaign that was cut; return its number and all of it."""
    now = datetime.fromisoformat(AT)
    event = CampaignWentLive(
        event_id=new_event_id(), occurred_at=now, campaign=CampaignSlug("long-take"), starts_at=now
    )
    whole = msgspec.json.encode(event)
    connection = await asyncpg.connect(site.database.owner_url)
    number = await connection.fetchval(
        """
        INSERT INTO site.parked_events
            (consumer, subject, event_id, payload, headers, error, deliveries)
        VALUES ('site-calendar', 'settlement.went_live.long-take', $1, $2, '{}', 'cut', 6)
        RETURNING parked_id
        """,
        event.event_id,
        whole[:-cut],
    )
    await connection.close()
    return f"site-{number}", whole.decode()


async def _was_applied(site: RunningSite) -> bool:
    connection = await asyncpg.connect(site.database.owner_url)
    heard = await connection.fetchval(
        "SELECT count(*) FROM site.inbox WHERE consumer = 'site-calendar'"
    )
    await connection.close()
    return bool(heard)
