"""The proof of a settlement: our charges beside Stripe's own books, as far as those are."""

import pytest

from contracts.events.checkout import StripeEventReceived
from contracts.events.settlement import Share
from contracts.money import Cents
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import transaction
from services.settlement.domain.runs import CertificateShown
from services.settlement.handlers import hear_stripe, keep_definitions, report
from tests.settlement.aftermath import Aftermath
from tests.settlement.builders import AMOUNT, NOW, a_definition, outbox_events, published
from tests.settlement.sandbox import GOOD
from tests.settlement.test_fees_and_disputes import until_fees_are_known

NOBODY = Share()
ONE = Share(supporters=1, cents=Cents(AMOUNT))
TWO = Share(supporters=2, cents=Cents(2 * AMOUNT))


@pytest.fixture
async def settled(after: Aftermath) -> Aftermath:
    """Two supporters have paid, nobody is left, and Stripe's books are not read yet."""
    async with transaction(after.run.pool) as conn:
        await keep_definitions.keep_campaign(conn, published(a_definition(after.run.slug)))
    await after.paid(GOOD, GOOD)
    await after.run.tick()
    return after


async def certificate(after: Aftermath) -> CertificateShown:
    """Return the certificate as an operator reads it."""
    async with transaction(after.run.pool) as conn:
        run = await report.read_run(conn, after.run.slug)
    assert run.settled_at is not None
    assert run.certificate is not None
    return run.certificate


async def book(after: Aftermath, *gross: int, currency: tuple[str, ...] = ("usd", "usd")) -> None:
    """Write balance transactions of these sums, in cents, for the first charges."""
    rows = await after.run.owner.fetch("SELECT charge_id, stripe_charge_id FROM charges ORDER BY 1")
    for row, cents, money in zip(rows, gross, currency, strict=False):
        await after.run.owner.execute(
            """
            INSERT INTO fees
                (charge_id, stripe_charge_id, balance_transaction_id, gross_cents, fee_cents,
                 net_cents, currency, available_at, recorded_at)
            VALUES ($1, $2, 'txn_' || $1, $3, 0, $3, $4, now(), now())
            """,
            row["charge_id"],
            row["stripe_charge_id"],
            cents,
            money,
        )


def books(shown: CertificateShown) -> tuple[Share, Share]:
    """Return what Stripe has booked, and what it has not."""
    known, awaited = shown.stripe_known, shown.stripe_awaited
    return (
        Share(supporters=known.supporters, cents=Cents(known.amount)),
        Share(supporters=awaited.supporters, cents=Cents(awaited.amount)),
    )


async def test_what_stripe_has_not_booked_yet_is_said_and_contradicts_nothing(
    settled: Aftermath,
) -> None:
    shown = await certificate(settled)

    (said,) = await outbox_events(settled.run.owner, "settlement.settled")
    assert books(shown) == (NOBODY, TWO)
    assert (shown.agrees_with_stripe, shown.adds_up) == (True, True)
    assert said["certificate"]["stripe"]["awaited"] == {"supporters": 2, "cents": 2 * AMOUNT}


async def test_the_certificate_follows_stripes_books_after_it_was_given(
    settled: Aftermath,
) -> None:
    await book(settled, AMOUNT)
    half = await certificate(settled)
    await until_fees_are_known(settled)
    whole = await certificate(settled)

    assert books(half) == (ONE, ONE)
    assert books(whole) == (TWO, NOBODY)
    assert half.adds_up
    assert whole.adds_up
    assert len(await outbox_events(settled.run.owner, "settlement.settled")) == 1


@pytest.mark.parametrize(
    "gross",
    [
        pytest.param((AMOUNT + 1,), id="one cent more"),
        pytest.param((AMOUNT + 1, AMOUNT - 1), id="two mistakes that cancel out"),
    ],
)
async def test_a_charge_that_stripe_booked_with_another_sum_is_no_proof(
    settled: Aftermath, gross: tuple[int, ...]
) -> None:
    await book(settled, *gross)

    shown = await certificate(settled)

    assert (shown.agrees_with_stripe, shown.adds_up) == (False, False)


async def test_a_booking_in_another_currency_is_not_compared(settled: Aftermath) -> None:
    await book(settled, AMOUNT + 2_000, AMOUNT, currency=("cad", "usd"))

    shown = await certificate(settled)

    assert books(shown) == (ONE, ONE)
    assert shown.agrees_with_stripe


async def test_somebody_who_paid_twice_is_counted(settled: Aftermath) -> None:
    await settled.hear()
    (first, *_) = settled.stripe.intents(settled.run.slug)
    async with transaction(settled.run.pool) as conn:
        twice = StripeEventReceived(
            event_id=new_event_id(),
            occurred_at=NOW,
            stripe_event_id="evt_twice",
            stripe_type="payment_intent.succeeded",
            created_at=NOW,
            object_id="pi_twice",
            object={**first, "id": "pi_twice"},
        )
        await hear_stripe.keep_event(conn, twice)

    shown = await certificate(settled)

    assert shown.duplicates == 1
    assert (shown.agrees_with_stripe, shown.adds_up) == (False, False)
