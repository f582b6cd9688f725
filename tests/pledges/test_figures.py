"""Operators' figures: of one moment, exact to the cent, told apart from estimates."""

from datetime import UTC, date, datetime, timedelta

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.campaign import PlatformDefinition
from contracts.events.campaigns import PlatformPublished
from contracts.events.checkout import Attribution, CheckoutCompleted
from contracts.money import expected_fee
from services.pledges.domain.analytics import PartSums, money_part
from services.pledges.queries.figures import ROWS_SHOWN
from tests.pledges.builders import (
    AMOUNT,
    NOW,
    SHIPPING,
    SLUG,
    SUBTOTAL,
    TAX,
    TIP,
    an_order,
    declined,
    disputed,
    event_id,
    fees_known,
    first_pledge,
    late,
    lost,
    paid,
    refunded,
)
from tests.pledges.figures import assert_adds_up, assert_parts_are_the_whole
from tests.pledges.ledger import Ledger
from tests.pledges.test_ledger_routes import ADMIN, client  # noqa: F401

OPERATOR = {"authorization": f"Bearer {ADMIN}"}
CENTS = st.integers(0, 10**9)


def came_by(order: CheckoutCompleted, **words: str) -> CheckoutCompleted:
    return msgspec.structs.replace(order, attribution=Attribution(**words))


async def test_before_anybody_pledges_everything_is_nothing(ledger: Ledger) -> None:
    await ledger.open()

    shown = await ledger.analytics()

    assert shown.figures.pledged == shown.figures.average == shown.figures.charged.total == 0
    assert shown.figures.charged.fee_knowledge == shown.figures.open.fee_knowledge == "none"
    assert not shown.breakdowns
    assert not shown.days


async def test_while_live_all_is_open_and_every_fee_an_estimate(ledger: Ledger) -> None:
    await ledger.open()
    one, other = an_order(), an_order()
    await ledger.hear(one, other, an_order(email=one.email))

    figures = (await ledger.analytics()).figures

    assert (figures.pledged, figures.pledges, figures.supporters) == (3 * SUBTOTAL, 3, 2)
    assert figures.charged.total == 0
    assert figures.open.total == 3 * AMOUNT
    # Two pledges of one person are one charge.
    assert figures.open.fees == expected_fee(2 * AMOUNT) + expected_fee(AMOUNT)
    assert (figures.open.fee_knowledge, figures.open.fees_known) == ("estimated", 0)


async def test_a_settled_campaign_is_told_by_what_moved(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    orders = [an_order() for _ in range(6)]
    await ledger.hear(*orders)
    await ledger.cancel(first_pledge(orders[5]))
    assert await ledger.end(orders) == "closed"
    emails = [each.email for each in orders]
    await ledger.hear(
        *(paid(emails[n], charge=f"ch_{n}") for n in range(3)),
        declined(emails[3], charge="ch_3"),
        lost(emails[3], charge="ch_3"),
        declined(emails[4], charge="ch_4"),
        fees_known(emails[0], charge="ch_0", fee=211),
        refunded(emails[1], AMOUNT, charge="ch_1"),
        disputed(emails[2], withdrawn=AMOUNT, fee=1_500, charge="ch_2"),
    )

    shown = await ledger.analytics()

    figures, charged = shown.figures, shown.figures.charged
    assert_adds_up(shown, await ledger.stats())
    assert (figures.made, figures.standing) == (6, 3)
    assert (figures.failed_pledges, figures.failed) == (2, 2 * AMOUNT)
    assert (charged.pledges, charged.total) == (3, 3 * AMOUNT)
    assert (charged.campaign, charged.tips) == (3 * SUBTOTAL, 3 * TIP)
    assert (charged.tax, charged.shipping) == (3 * TAX, 3 * SHIPPING)
    assert charged.fees == 211 + 2 * expected_fee(AMOUNT)
    assert (charged.fees_known, charged.fee_knowledge) == (211, "mixed")
    assert (charged.returned, charged.dispute_fees) == (2 * AMOUNT, 1_500)
    # One was refunded, one withdrawn by a bank: one is left, less its part of all fees.
    share = round(charged.fees * SUBTOTAL / AMOUNT)
    assert abs(charged.campaign_net - (SUBTOTAL - share)) <= 1
    # What is lost is owed by nobody any more; what recovers may still come.
    assert (figures.open.pledges, figures.open.total) == (1, AMOUNT)


async def test_late_support_is_beside_the_count_and_in_the_money(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    first, after = an_order(), late(an_order())
    await ledger.hear(first)
    assert await ledger.end([first]) == "closed"
    await ledger.hear(after)
    purpose = f"late:{after.order_id}"
    await ledger.hear(
        paid(first.email, charge="ch_1"),
        msgspec.structs.replace(paid(after.email, charge="ch_2"), purpose=purpose),
    )

    shown = await ledger.analytics()

    assert_adds_up(shown, await ledger.stats())
    assert (shown.figures.pledges, shown.figures.charged.pledges) == (1, 2)
    assert shown.figures.late_support == SUBTOTAL
    assert (shown.figures.charged.fee_knowledge, shown.figures.charged.fees) == (
        "estimated",
        2 * expected_fee(AMOUNT),
    )


async def test_where_people_came_from_is_counted_by_each_word(ledger: Ledger) -> None:
    await ledger.open()
    gone = came_by(an_order(), ref="ada")
    await ledger.hear(
        came_by(an_order(), ref="ada", utm_source="news", utm_campaign=SLUG),
        came_by(an_order(), ref="ada", utm_source="social"),
        an_order(),
        gone,
    )
    await ledger.cancel(first_pledge(gone))

    rows = {
        each.name: [(row.key, row.count, row.amount) for row in each.rows]
        for each in (await ledger.analytics()).breakdowns
    }

    assert rows["ref"] == [("ada", 2, 2 * SUBTOTAL), ("", 1, SUBTOTAL)]
    assert rows["utm_source"] == [("", 1, SUBTOTAL), ("news", 1, SUBTOTAL), ("social", 1, SUBTOTAL)]
    assert rows["status"] == [("active", 3, 3 * SUBTOTAL), ("cancelled", 1, SUBTOTAL)]
    assert rows["language"] == [("es", 3, 3 * SUBTOTAL)]
    assert rows["fulfillment"] == [("physical", 3, 3 * SUBTOTAL)]


async def test_a_campaigns_codes_are_counted_with_their_share(
    client: httpx.AsyncClient,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open()
    gone = came_by(an_order(), ref="ines")
    await ledger.hear(came_by(an_order(), ref="ada"), came_by(an_order(), ref="ada"), an_order())
    await ledger.hear(came_by(an_order(), ref="teo"), gone)
    await ledger.cancel(first_pledge(gone))

    answer = await client.get(f"/admin/figures/{SLUG}/referrals", headers=OPERATOR)

    told = answer.json()
    assert [(row["key"], row["count"], row["amount"]) for row in told["rows"]] == [
        ("ada", 2, 2 * SUBTOTAL),
        ("teo", 1, SUBTOTAL),
    ]
    assert (told["attributed"], told["amount"]) == (3 * SUBTOTAL, 4 * SUBTOTAL)


async def test_words_that_anybody_makes_up_end_in_one_row(ledger: Ledger) -> None:
    await ledger.open()
    orders = [came_by(an_order(), utm_source=f"made-up-{n}") for n in range(ROWS_SHOWN + 3)]
    await ledger.hear(*orders)

    shown = await ledger.analytics()

    (rows,) = [each.rows for each in shown.breakdowns if each.name == "utm_source"]
    assert len(rows) == ROWS_SHOWN + 1
    assert (rows[-1].is_rest, rows[-1].count, rows[-1].amount) == (True, 3, 3 * SUBTOTAL)
    assert_adds_up(shown, await ledger.stats())


async def test_a_day_is_the_platforms(ledger: Ledger) -> None:
    """Half past eleven at night in Denver is the next day in UTC."""
    await ledger.open(starts_at=NOW - timedelta(days=30))
    settings = PlatformDefinition(version=1, timezone="America/Denver")
    await ledger.hear(PlatformPublished(event_id=event_id(), occurred_at=NOW, definition=settings))
    night = datetime(2026, 7, 2, 5, 30, tzinfo=UTC)
    await ledger.hear(
        an_order(completed_at=night), an_order(completed_at=night + timedelta(hours=1))
    )

    days = (await ledger.analytics()).days

    assert [(each.day, each.made, each.pledged) for each in days] == [
        (date(2026, 7, 1), 1, SUBTOTAL),
        (date(2026, 7, 2), 1, 2 * SUBTOTAL),
    ]


async def test_all_campaigns_are_in_one_table_and_people_counted_once(ledger: Ledger) -> None:
    await ledger.open()
    other = await ledger.open("one-roll")
    await ledger.hear(an_order(SLUG, other, email="noor@halfmoon.example"), an_order(other))

    shown = await ledger.overview()

    pledged = {each.campaign_slug: each.pledged for each in shown.campaigns}
    assert pledged == {SLUG: SUBTOTAL, other: 2 * SUBTOTAL}
    assert shown.supporters == 2
    for each in shown.campaigns:
        assert each == (await ledger.analytics(each.campaign_slug)).figures


async def test_only_operators_are_told(
    client: httpx.AsyncClient,  # noqa: F811
    ledger: Ledger,
) -> None:
    await ledger.open()
    for path in ("/admin/figures", f"/admin/figures/{SLUG}", f"/admin/figures/{SLUG}/referrals"):
        assert (await client.get(path)).status_code == 401
        answer = await client.get(path, headers=OPERATOR)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "private, no-store"

    assert (await client.get("/admin/figures/no-film", headers=OPERATOR)).status_code == 404
    assert (await client.get("/admin/figures/Not%20one", headers=OPERATOR)).status_code == 400


@given(parts=st.tuples(CENTS, CENTS, CENTS, CENTS, CENTS), fees=CENTS, data=st.data())
def test_no_cent_is_lost_between_those_who_share(
    parts: tuple[int, ...], fees: int, data: st.DataObject
) -> None:
    goal, add_ons, tips, tax, shipping = parts
    returned = data.draw(st.integers(0, 2 * sum(parts)))
    shares = PartSums(
        goal=goal,
        subtotal=goal + add_ons,
        tips=tips,
        tax=tax,
        shipping=shipping,
        total=sum(parts),
        known_fees=fees,
        returned=returned,
        goal_returned=data.draw(st.integers(0, min(goal, returned))),
        dispute_fees=data.draw(CENTS),
    )

    assert_parts_are_the_whole(money_part(shares))


@pytest.mark.parametrize(
    ("known", "expected", "told"),
    [(0, 0, "none"), (2, 0, "actual"), (0, 2, "estimated"), (1, 1, "mixed")],
)
def test_an_estimate_is_called_one(known: int, expected: int, told: str) -> None:
    part = money_part(PartSums(known_charges=known, expected_charges=expected))

    assert part.fee_knowledge == told
