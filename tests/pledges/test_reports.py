"""Reports over HTTP: whole, of one moment, streamed, and without a trace."""

import csv
import io
import tracemalloc
from decimal import Decimal
from typing import Any

import httpx
import pytest

from contracts.campaign import PlatformDefinition
from contracts.events.campaigns import PlatformPublished
from contracts.refusals import Unavailable
from services.pledges.queries import reports as queries
from services.pledges.steps.write_report import AT_ONCE, Reports
from tests.pledges.builders import (
    AMOUNT,
    NOW,
    SLUG,
    an_order,
    declined,
    event_id,
    first_pledge,
    paid,
    refunded,
)
from tests.pledges.ledger import Ledger
from tests.pledges.process import eventually
from tests.pledges.test_ledger_routes import ADMIN, client  # noqa: F401

Client = httpx.AsyncClient
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
CSV = "/admin/reports/campaign-runner.csv"
PREVIEW = "/admin/reports/campaign-runner/preview"


async def report(client: Client, kind: str) -> list[dict[str, str]]:  # noqa: F811
    """Return a report's rows by column."""
    answer = await client.get(
        CSV, params={"campaignSlug": SLUG, "reportType": kind}, headers=OPERATOR
    )
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def settled(ledger: Ledger) -> list[Any]:
    """Return the orders of a funded campaign: one charged, one declined, one refunded, one gone."""
    await ledger.open(goal_cents=5_000)
    orders = [an_order() for _ in range(4)]
    await ledger.hear(*orders)
    await ledger.cancel(first_pledge(orders[3]))
    assert await ledger.end(orders) == "closed"
    await ledger.hear(
        paid(orders[0].email, charge="ch_0"),
        declined(orders[1].email, charge="ch_1"),
        paid(orders[2].email, charge="ch_2"),
    )
    await ledger.hear(refunded(orders[2].email, AMOUNT, charge="ch_2"))
    return orders


async def test_the_ledger_has_a_row_for_each_change_of_each_pledge(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    orders = await settled(ledger)

    rows = await report(client, "pledge")

    assert [row["status"] for row in rows].count("created") == 4
    (gone,) = [row for row in rows if row["status"] == "cancelled"]
    assert (gone["order_id"], gone["total"]) == (orders[3].order_id, "-59.44")
    assert {row["order_id"]: row["charged"] for row in rows} == {
        orders[0].order_id: "yes",
        orders[1].order_id: "no",
        orders[2].order_id: "yes",
        orders[3].order_id: "no",
    }
    stats = await ledger.stats()
    assert sum(Decimal(row["campaign_subtotal"]) for row in rows) * 100 == stats.pledged_amount


async def test_only_what_is_paid_is_to_be_sent(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    orders = await settled(ledger)

    (row,) = await report(client, "fulfillment")

    assert row["email"] == orders[0].email
    assert row["fulfiller"] == SLUG
    assert "Location scouting $14.50" in row["items"]
    assert row["shipping_address"] == "Jane Doe, 123 Main St, Albuquerque, NM, 87101, US"


async def test_a_preview_shows_the_same_rows_and_changes_nothing(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await settled(ledger)
    before = await everything(ledger)

    for kind in ("pledge", "fulfillment"):
        answer = await client.get(
            PREVIEW, params={"campaignSlug": SLUG, "reportType": kind}, headers=OPERATOR
        )
        shown = answer.json()
        rows = await report(client, kind)
        assert [dict(zip(shown["columns"], row, strict=True)) for row in shown["rows"]] == rows
        assert shown["hasMore"] is False
    assert shown["summary"]["pledgeCount"] == 3
    assert shown["summary"]["secondsLeft"] == 0
    assert await everything(ledger) == before


async def everything(ledger: Ledger) -> dict[str, Any]:
    """Return how often each table of the ledger was ever written."""
    rows = await ledger.owner.fetch(
        "SELECT relname, pg_relation_size(relid) FROM pg_stat_user_tables"
        " WHERE schemaname = 'pledges' ORDER BY relname"
    )
    counts = {row["relname"]: await ledger.count(row["relname"]) for row in rows}
    history = await ledger.owner.fetchval(
        "SELECT md5(string_agg(line::text, '' ORDER BY pledge_id, version))"
        " FROM pledges.pledge_history AS line"
    )
    return {**counts, "history": history, "totals": await ledger.stats()}


async def test_a_report_of_more_than_a_page_loses_nobody_and_splits_nobody(
    client: Client,  # noqa: F811
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    await ledger.open(goal_cents=5_000)
    emails = ["ana@a.example", "ana@a.example", "bea@a.example", "bea@a.example", "cy@a.example"]
    orders = [an_order(email=email) for email in emails]
    await ledger.hear(*orders)
    await ledger.end(orders)
    for number, (email, count) in enumerate({e: emails.count(e) for e in emails}.items()):
        await ledger.hear(paid(email, amount=AMOUNT * count, charge=f"ch_{number}"))

    assert len(await report(client, "pledge")) == 5
    rows = await report(client, "fulfillment")
    assert [row["email"] for row in rows] == sorted(set(emails))
    assert [row["total"] for row in rows] == ["118.88", "118.88", "59.44"]


async def test_the_platforms_company_sends_what_the_platform_sells(ledger: Ledger) -> None:
    for version, name in ((2, "Halfmoon Ltd"), (1, "Older Ltd")):
        definition = PlatformDefinition(version=version, company_name=name)
        await ledger.hear(
            PlatformPublished(event_id=event_id(), occurred_at=NOW, definition=definition)
        )

    stored = await ledger.pool.fetchval("SELECT definition FROM platform_definition")

    assert stored["company_name"] == "Halfmoon Ltd"


async def test_a_few_reports_at_once_and_no_seat_is_lost_by_who_goes_away(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.hear(an_order())
    reports = Reports(ledger.pool)
    reading = [(await reports.write(SLUG, "pledge")).parts for _ in range(AT_ONCE)]

    with pytest.raises(Unavailable):
        await reports.write(SLUG, "pledge")
    await anext(reading[0])
    del reading

    async def is_free() -> bool:
        return not reports._seats.locked()

    # What is not read any more is closed by the event loop, some turns later.
    await eventually(is_free)
    assert b"order_id" in await anext((await reports.write(SLUG, "pledge")).parts)


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        (CSV, {"campaignSlug": "no-such-film"}, 404),
        (CSV, {"campaignSlug": "NO"}, 400),
        (CSV, {}, 400),
        (CSV, {"campaignSlug": SLUG, "reportType": "everything"}, 400),
        (PREVIEW, {"campaignSlug": SLUG, "reportType": ""}, 400),
        ("/admin/supporters", {"campaignSlug": SLUG, "status": "rich"}, 400),
        ("/admin/supporters", {"campaignSlug": SLUG, "search": "a\x00b"}, 400),
        ("/admin/supporters", {"campaignSlug": SLUG, "limit": "501"}, 400),
        ("/admin/reports/taxes", {"since": "yesterday"}, 400),
        ("/admin/reports/taxes", {"until": "9999-12-31"}, 400),
    ],
)
async def test_what_cannot_be_reported_is_refused(
    client: Client,  # noqa: F811
    ledger: Ledger,
    path: str,
    params: dict[str, str],
    status: int,
) -> None:
    await ledger.open()

    answer = await client.get(path, params=params, headers=OPERATOR)

    assert answer.status_code == status, answer.text
    assert (await client.get(path, params=params)).status_code == 401


async def test_tax_is_told_by_jurisdiction_among_what_was_charged(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    await settled(ledger)

    all_of_it = (await client.get("/admin/reports/taxes", headers=OPERATOR)).json()
    before = (
        await client.get(
            "/admin/reports/taxes",
            params={"campaignSlug": SLUG, "until": "2020-01-01"},
            headers=OPERATOR,
        )
    ).json()

    (line,) = all_of_it["lines"]
    assert (line["pledges"], line["taxableSubtotal"], line["rate"]) == (2, 10_000, "0.07875")
    assert (all_of_it["tax"], all_of_it["taxReturned"]) == (2 * 394, 394)
    assert before["lines"] == []


async def test_supporters_are_found_by_what_they_did(
    client: Client,  # noqa: F811
    ledger: Ledger,
) -> None:
    orders = await settled(ledger)

    async def found(**wanted: str) -> list[dict[str, Any]]:
        answer = await client.get(
            "/admin/supporters", params={"campaignSlug": SLUG, **wanted}, headers=OPERATOR
        )
        assert answer.status_code == 200, answer.text
        people: list[dict[str, Any]] = answer.json()["supporters"]
        return people

    everybody = await found()
    assert [each["email"] for each in everybody] == sorted(order.email for order in orders)
    (unpaid,) = await found(status="payment_failed", country="US", item="producer-credit")
    assert unpaid["orderIds"] == [orders[1].order_id]
    assert unpaid["amount"] == AMOUNT
    (gone,) = await found(search=orders[3].email.upper())
    assert (gone["statuses"], gone["amount"]) == (["cancelled"], 0)
    assert await found(item="no-such-thing") == []
    first = await client.get(
        "/admin/supporters", params={"campaignSlug": SLUG, "limit": 3}, headers=OPERATOR
    )
    rest = await found(after=first.json()["nextAfter"])
    assert [*first.json()["supporters"], *rest] == everybody


async def test_a_long_report_needs_no_more_memory_than_a_page(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 20)
    await ledger.open()

    async def peak() -> tuple[int, int]:
        parts = (await Reports(ledger.pool).write(SLUG, "pledge")).parts
        tracemalloc.start()
        size = 0
        async for part in parts:
            size += len(part)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most, size

    await ledger.hear(*(an_order() for _ in range(100)))
    # What is needed once, such as the shape of a statement, is there after the first.
    await peak()
    few, short = await peak()
    await ledger.hear(*(an_order() for _ in range(200)))
    many, long = await peak()

    assert long > 2.5 * short
    assert many < 1.2 * few
