"""The daily comparison with Stripe: breaks have a first and a last day, and end when gone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import pytest

from contracts.refusals import NotFound
from services.chassis.storage.database import transaction
from services.settlement.domain.reconciling import Break
from services.settlement.handlers import reconcile
from services.settlement.handlers.reconcile import Report
from services.settlement.queries.reconciliations import KnownBreak
from services.settlement.steps.compare import compare_next
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT, outbox_events
from tests.settlement.sandbox import DECLINED, GOOD

B = TypeVar("B", Break, KnownBreak)


async def run(after: Aftermath, *, is_dry_run: bool = False) -> Report:
    """Have everything compared, and return what came of it."""
    async with transaction(after.run.pool) as conn:
        asked = await reconcile.request_reconciliation(conn, is_dry_run=is_dry_run, by="test")
    assert asked.run is not None
    while True:
        await compare_next(after.run.pool, after.gateway)
        async with transaction(after.run.pool) as conn:
            report = await reconcile.read_report(conn, asked.run.run_id)
        if report.run is not None and report.run.finished_at is not None:
            return report


def mine(after: Aftermath, found: Sequence[B] | None) -> list[B]:
    """Return what is found of this campaign: its Stripe has seen other tests, too."""
    return [each for each in found or () if each.campaign_slug == after.run.slug]


async def test_what_agrees_has_no_break(after: Aftermath) -> None:
    await after.paid(GOOD, GOOD, DECLINED)

    report = await run(after)

    assert report.run is not None
    assert report.run.charges == 3
    assert mine(after, report.run.breaks) == mine(after, report.open_breaks) == []
    assert (report.run.intents or 0) >= 3


async def test_a_refund_nobody_told_us_of_is_found_and_adopted(after: Aftermath) -> None:
    await after.paid(GOOD)
    (intent,) = after.stripe.intents(after.run.slug)
    after.stripe.http.post("/v1/refunds", data={"payment_intent": intent["id"]})

    dry = await run(after, is_dry_run=True)
    found = await run(after)
    again = await run(after)
    await after.work(rounds=1)
    gone = await run(after)

    assert dry.run is not None
    assert [each.kind for each in mine(after, dry.run.breaks)] == ["other_refunds"]
    assert mine(after, dry.open_breaks) == []
    (first,), seen = mine(after, found.open_breaks), mine(after, again.open_breaks)
    assert (first.kind, first.ours, first.theirs) == ("other_refunds", "0", str(AMOUNT))
    assert [(each.first_seen, each.times_seen) for each in seen] == [
        (first.first_seen, first.times_seen + 1)
    ]
    assert seen[0].last_seen > first.last_seen
    assert mine(after, gone.open_breaks) == []
    assert len(await outbox_events(after.run.owner, "settlement.refunded")) == 1


async def test_money_stripe_took_for_a_charge_we_do_not_have_is_a_break(after: Aftermath) -> None:
    await after.paid(GOOD)
    card = after.stripe.saved_card()
    intent = after.stripe.http.post(
        "/v1/payment_intents",
        data={
            "amount": "500",
            "currency": "usd",
            "customer": card.customer_id,
            "payment_method": card.payment_method_id,
            "confirm": "true",
            "off_session": "true",
            "metadata[pool_charge]": "chg_unknown",
            "metadata[campaign]": after.run.slug,
        },
    ).json()

    report = await run(after)

    found = [(each.kind, each.subject) for each in mine(after, report.open_breaks)]
    assert found == [("missing_here", intent["id"])]


async def test_the_day_begins_a_run_by_itself_once(after: Aftermath) -> None:
    await after.paid(GOOD)

    await compare_next(after.run.pool, after.gateway)
    await compare_next(after.run.pool, after.gateway)
    await after.run.owner.execute(
        "UPDATE reconciliations SET requested_at = requested_at - $1::interval",
        timedelta(hours=25),
    )
    await compare_next(after.run.pool, after.gateway)

    rows = await after.run.owner.fetch("SELECT finished_at, requested_by FROM reconciliations")
    assert [row["requested_by"] for row in rows] == ["the calendar", "the calendar"]
    assert all(row["finished_at"] for row in rows)


async def test_stripe_away_is_said_and_closes_no_break(after: Aftermath) -> None:
    await after.paid(GOOD)
    (intent,) = after.stripe.intents(after.run.slug)
    after.stripe.http.post("/v1/refunds", data={"payment_intent": intent["id"]})
    await run(after)

    after.stripe.faults(error_rate=1)
    report = await run(after)

    assert report.run is not None
    assert report.run.error
    assert [each.times_seen for each in mine(after, report.open_breaks)] == [1]


async def test_an_unknown_run_is_unknown(after: Aftermath) -> None:
    async with transaction(after.run.pool) as conn:
        with pytest.raises(NotFound):
            await reconcile.read_report(conn, 4_711)
        assert await reconcile.read_report(conn, None) == Report(run=None, open_breaks=[])


async def test_what_went_back_of_a_charge_that_is_read_back_is_adopted_with_it(
    after: Aftermath,
) -> None:
    """A restore knows the charge as unknown; Stripe took it since, and gave it back."""
    await after.paid(GOOD)
    async with after.run.owner.transaction():
        # As of a backup: for everybody else a charge goes forward only.
        await after.run.owner.execute("SET LOCAL session_replication_role = replica")
        await after.run.owner.execute(
            "UPDATE charges SET status = 'unknown', decided_at = NULL, stripe_charge_id = NULL,"
            " due_at = '-infinity', lease_until = '-infinity'"
        )
        await after.run.owner.execute("UPDATE charge_attempts SET state = 'unknown'")
    (intent,) = after.stripe.intents(after.run.slug)
    after.stripe.http.post("/v1/refunds", data={"payment_intent": intent["id"]})

    await after.run.finish()
    await after.work(rounds=1)
    report = await run(after)

    assert mine(after, report.open_breaks) == []
    assert await after.refunds() == [("succeeded", AMOUNT)]
