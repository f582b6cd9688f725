"""A pledge's card: the newest one stays, every change is a line, nothing else moves."""

from datetime import timedelta

import msgspec
import pytest

from contracts.events.checkout import CardSaved
from contracts.events.pledges import ChargeRequested, PledgeCardChanged
from services.chassis.events.early import NotYet
from tests.pledges.builders import (
    NOW,
    SUBTOTAL,
    a_card,
    an_order,
    card_saved,
    event_id,
    first_pledge,
    paid,
)
from tests.pledges.ledger import Ledger

EMAIL = "noor@halfmoon.example"


async def test_a_new_card_is_a_line_and_the_pledges_card_from_then_on(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    await ledger.hear(order)
    before = await ledger.stats()

    await ledger.hear(card_saved(order, "0077"))
    pledge = await ledger.pledge(first_pledge(order))
    (told,) = await ledger.told(PledgeCardChanged)
    lines = await ledger.pool.fetch(
        "SELECT version, entry_type, card ->> 'last4' AS last4 FROM pledge_history ORDER BY 1"
    )

    assert (pledge.card.last4, pledge.revision, pledge.status) == ("0077", 2, "active")
    assert pledge.card_saved_at == NOW + timedelta(days=1)
    assert (told.pledge.card, told.pledge.revision) == (pledge.card, 2)
    assert told.pledge.card_saved_at == pledge.card_saved_at
    assert [tuple(line) for line in lines] == [(1, "created", "4242"), (2, "card_changed", "0077")]
    assert await ledger.stats() == before
    await ledger.assert_in_sync()


async def test_the_same_news_again_changes_nothing(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    saved = card_saved(order)
    await ledger.hear(order, saved, saved, msgspec.structs.replace(saved, event_id=event_id()))

    assert len(await ledger.told(PledgeCardChanged)) == 1
    assert await ledger.count("pledge_history") == 2


@pytest.mark.parametrize("is_in_order", [True, False])
async def test_of_two_cards_the_newest_stays_in_whatever_order_we_hear(
    ledger: Ledger, is_in_order: bool
) -> None:
    await ledger.open()
    order = an_order()
    older = card_saved(order, "0001", saved_at=NOW + timedelta(hours=1))
    newer = card_saved(order, "0002", saved_at=NOW + timedelta(hours=2))

    await ledger.hear(order, *((older, newer) if is_in_order else (newer, older)))

    assert (await ledger.pledge(first_pledge(order))).card.last4 == "0002"


async def test_within_one_second_of_stripes_the_card_recorded_later_is_newer(
    ledger: Ledger,
) -> None:
    await ledger.open()
    second = NOW.replace(microsecond=0)
    order = msgspec.structs.replace(
        an_order(completed_at=second), occurred_at=second + timedelta(milliseconds=100)
    )
    saved = msgspec.structs.replace(
        card_saved(order, saved_at=second), occurred_at=second + timedelta(milliseconds=900)
    )

    await ledger.hear(order, saved)

    assert (await ledger.pledge(first_pledge(order))).card.last4 == "0077"


async def test_a_renewed_card_has_new_data_and_is_as_old_as_it_was(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    renewed = msgspec.structs.replace(order.card, exp_year=2036)

    await ledger.hear(order, card_saved(order, reason="refreshed", card=renewed))
    pledge = await ledger.pledge(first_pledge(order))

    assert pledge.card.exp_year == 2036
    assert pledge.card_saved_at == order.completed_at


async def test_news_of_a_card_that_was_replaced_meanwhile_changes_nothing(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    renewed = msgspec.structs.replace(order.card, exp_year=2036)

    await ledger.hear(order, card_saved(order, "0077"))
    await ledger.hear(card_saved(order, reason="refreshed", card=renewed))

    assert (await ledger.pledge(first_pledge(order))).card == a_card("0077")


async def test_the_charge_at_the_close_goes_to_the_newest_card(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    first = an_order(email=EMAIL)
    second = an_order(email=EMAIL, completed_at=NOW + timedelta(hours=1), last4="1111")
    await ledger.hear(first, second, card_saved(first, "0077"))

    await ledger.end([first, second])
    await ledger.tick()
    (asked,) = await ledger.told(ChargeRequested)

    assert asked.card == a_card("0077")


async def test_a_pledge_that_is_over_keeps_its_card(ledger: Ledger) -> None:
    await ledger.open(goal_cents=SUBTOTAL)
    gone, order = an_order(), an_order(email=EMAIL)
    await ledger.hear(gone, order)
    await ledger.cancel(first_pledge(gone))
    await ledger.end([gone, order])
    await ledger.hear(paid(EMAIL))

    await ledger.hear(card_saved(gone), card_saved(order))

    assert await ledger.told(PledgeCardChanged) == []
    await ledger.assert_in_sync()


async def test_a_card_for_a_pledge_nobody_knows_yet_waits(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()

    with pytest.raises(NotYet):
        await ledger.hear(card_saved(order))
    await ledger.hear(order, card_saved(order))

    assert (await ledger.pledge(first_pledge(order))).card.last4 == "0077"


async def test_a_card_for_a_refused_order_is_nobodys(ledger: Ledger) -> None:
    await ledger.open()
    await ledger.end([])
    late = an_order()
    await ledger.hear(late)

    await ledger.hear(card_saved(late))

    assert await ledger.told(PledgeCardChanged) == []


async def test_the_supporter_sees_the_change_in_the_history(ledger: Ledger) -> None:
    await ledger.open()
    order = an_order()
    event: CardSaved = card_saved(order, "0077")
    await ledger.hear(order, event)

    record = await ledger.cancel(first_pledge(order))

    assert [line["type"] for line in record.history] == ["created", "card_changed", "cancelled"]
    assert record.history[1]["card"].last4 == "0077"
    assert record.card.last4 == "0077"
