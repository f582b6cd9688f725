"""A declined charge goes its way: tried again, another card, the bank's check, or the end."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from contracts.campaign import PlatformDefinition
from contracts.events.campaigns import PlatformPublished
from contracts.events.checkout import Card, StripeEventReceived
from services.chassis.events.outbox import new_event_id
from services.chassis.storage.database import transaction
from services.settlement.domain import recovery
from services.settlement.handlers import (
    hear_stripe,
    keep_definitions,
    pass_bank,
    recover,
    take_requests,
)
from services.settlement.queries import after_gauges, copies
from services.settlement.schedules import charges
from services.settlement.steps import charge
from services.settlement.stripe_gateway.charges import StripeGateway
from tests.settlement.builders import (
    AMOUNT,
    NOW,
    a_pledge,
    a_slug,
    created,
    move_clock,
    outbox_events,
)
from tests.settlement.runs import Settlement
from tests.settlement.sandbox import DECLINED, GOOD, NEEDS_PERSON, Sandbox

VISA = "4242424242424242"
DAY = timedelta(days=1)


async def declined(run: Settlement, stripe: Sandbox, magic: str = DECLINED) -> tuple[str, Card]:
    """Return a charge that its bank has declined, at NOW."""
    card = stripe.saved_card(magic)
    await move_clock(run.owner, NOW)
    (charge_id,) = await run.ask(card)
    await run.charge(charge_id)
    assert (await run.read(charge_id))["status"] == "declined"
    return charge_id, card


@pytest.mark.parametrize(
    ("code", "because", "next_in"),
    [
        ("processing_error", "transient", timedelta(minutes=30)),
        ("insufficient_funds", "funds", DAY),
        ("do_not_honor", "unexplained", 3 * DAY),
        ("authentication_required", "person", None),
        ("expired_card", "unusable", None),
        ("stolen_card", "never", None),
        ("approve_with_id", "person", None),
    ],
)
async def test_a_decline_opens_a_dated_recovery(
    run: Settlement, stripe: Sandbox, code: str, because: str, next_in: timedelta | None
) -> None:
    stripe.faults(decline={VISA: code})
    charge_id, _ = await declined(run, stripe, GOOD)

    row = await run.read(charge_id)
    (event,) = await outbox_events(run.owner, "settlement.charge_declined")

    assert row["because"] == event["recovery"]["because"] == because
    assert row["recovery_ends_at"] - row["first_declined_at"] == 7 * DAY
    tried_in = row["next_attempt_at"] and row["next_attempt_at"] - row["first_declined_at"]
    assert tried_in == next_in
    assert event["recovery"]["needs_authentication"] == (because == "person")
    assert not event["is_quiet"]


async def test_the_platform_decides_how_long_a_recovery_lasts(
    run: Settlement, stripe: Sandbox
) -> None:
    definition = PlatformDefinition(version=1, recovery_window_days=21)
    published = PlatformPublished(event_id=new_event_id(), occurred_at=NOW, definition=definition)
    async with transaction(run.pool) as conn:
        await keep_definitions.keep_platform(conn, published)

    charge_id, _ = await declined(run, stripe)

    row = await run.read(charge_id)
    # In Denver, where the clocks are put on meanwhile.
    ends_at = recovery.days_later(row["first_declined_at"], 21, definition.timezone)
    assert row["recovery_ends_at"] == ends_at
    assert ends_at - row["first_declined_at"] == 21 * DAY - timedelta(hours=1)


async def test_our_own_tries_reminders_and_the_end_follow_the_calendar(
    run: Settlement, stripe: Sandbox
) -> None:
    stripe.faults(decline={VISA: "insufficient_funds"})
    charge_id, _ = await declined(run, stripe, GOOD)

    for hours in range(0, 7 * 24 + 1, 6):
        await run.tick(to=NOW + timedelta(hours=hours, minutes=5))
        await run.finish()

    declines = await outbox_events(run.owner, "settlement.charge_declined")
    days = [(datetime.fromisoformat(e["declined_at"]) - NOW).days for e in declines]
    reminders = await outbox_events(run.owner, "settlement.recovery_reminder_due")
    assert days == [0, 1, 3, 6]
    assert [each["is_quiet"] for each in declines] == [False, True, True, True]
    assert [each["number"] for each in reminders] == [1, 2, 3]
    assert [each["is_last_day"] for each in reminders] == [False, False, True]
    (lost,) = await outbox_events(run.owner, "settlement.charge_lost")
    assert (lost["charge_id"], lost["because"]) == (charge_id, "window_ended")
    assert [each["status"] for each in stripe.intents(run.slug)] == ["canceled"]
    (settled,) = await outbox_events(run.owner, "settlement.settled")
    certificate = settled["certificate"]
    assert certificate["lost"] == {"supporters": 1, "cents": AMOUNT}
    assert certificate["adds_up"]


async def test_after_a_downtime_one_reminder_makes_up_for_those_missed(
    run: Settlement, stripe: Sandbox
) -> None:
    await declined(run, stripe)

    await run.tick(to=NOW + 5 * DAY)
    await run.finish()
    await run.tick()

    (reminder,) = await outbox_events(run.owner, "settlement.recovery_reminder_due")
    assert reminder["number"] == 1


async def test_another_card_is_charged_at_once_on_the_same_payment_intent(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, card = await declined(run, stripe)

    await run.change_card(charge_id, stripe.another_card(card), saved_at=NOW + DAY)
    await run.finish()

    assert await run.statuses() == ["succeeded"]
    assert await run.attempts() == [(1, "declined"), (2, "succeeded")]
    assert stripe.charged(run.slug) == [AMOUNT]
    assert len(stripe.intents(run.slug)) == 1


async def test_a_card_of_another_customer_changes_nothing_and_is_an_operators_task(
    run: Settlement, stripe: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    """A second PaymentIntent would be a second way to be charged."""
    charge_id, card = await declined(run, stripe)

    await run.change_card(charge_id, stripe.saved_card(), saved_at=NOW + DAY)
    await run.finish()

    row = await run.read(charge_id)
    assert (row["status"], row["payment_method_id"]) == ("declined", card.payment_method_id)
    assert len(stripe.intents(run.slug)) == 1
    assert "card_of_another_customer" in "".join(capfd.readouterr())
    async with run.pool.acquire() as conn:
        assert (await after_gauges.read(conn)).cards_of_other_customers == 1


async def test_a_card_that_was_saved_before_changes_nothing(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, card = await declined(run, stripe)
    newest = stripe.another_card(card, DECLINED)
    await run.change_card(charge_id, newest, saved_at=NOW + 2 * DAY)
    await run.finish()

    await run.change_card(charge_id, stripe.another_card(card), saved_at=NOW + DAY)
    await run.finish()

    assert (await run.read(charge_id))["payment_method_id"] == newest.payment_method_id
    assert stripe.charged(run.slug) == []


async def test_a_card_that_comes_during_an_attempt_waits_for_its_answer(
    run: Settlement, stripe: Sandbox
) -> None:
    card = stripe.saved_card(DECLINED)
    (charge_id,) = await run.ask(card)
    work = await run.take(charge_id)
    assert work is not None

    await run.change_card(charge_id, stripe.another_card(card), saved_at=NOW + DAY)
    await run.leases_end()
    await run.finish()

    assert await run.attempts() == [(1, "declined"), (2, "succeeded")]
    first, *_ = await outbox_events(run.owner, "settlement.charge_declined")
    assert first["is_quiet"]
    assert stripe.charged(run.slug) == [AMOUNT]


async def test_who_tries_five_cards_in_vain_is_not_tried_at_once_again(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, card = await declined(run, stripe)
    for number in range(1, 8):
        other = stripe.another_card(card, DECLINED)
        await run.change_card(charge_id, other, saved_at=NOW + number * timedelta(minutes=1))
        await run.finish()

    assert len(await run.attempts()) == 1 + 5


async def test_new_data_from_the_bank_are_tried_once(run: Settlement, stripe: Sandbox) -> None:
    stripe.faults(decline={VISA: "expired_card"})
    charge_id, card = await declined(run, stripe, GOOD)
    stripe.reset()
    renewed = msgspec.structs.replace(card, exp_year=card.exp_year + 4)

    await run.change_card(charge_id, renewed, saved_at=NOW)
    await run.finish()

    assert await run.statuses() == ["succeeded"]


async def test_an_answer_that_is_lost_is_not_taken_for_an_earlier_attempts(
    run: Settlement, stripe: Sandbox
) -> None:
    """The PaymentIntent still shows the first attempt's error when the second never arrived."""
    charge_id, card = await declined(run, stripe)
    await run.change_card(charge_id, stripe.another_card(card), saved_at=NOW + DAY)
    work = await run.take(charge_id)
    assert work is not None
    assert work.charge.payment_intent_id is not None
    await run.begin_confirm(work, work.charge.payment_intent_id)
    # The charger dies here, before its request leaves.
    await run.leases_end()
    await run.finish()

    assert await run.statuses() == ["succeeded"]
    assert len(await outbox_events(run.owner, "settlement.charge_declined")) == 1


@pytest.mark.parametrize("answers_bank", [True, False])
async def test_a_person_confirms_the_same_payment_intent(
    run: Settlement, stripe: Sandbox, answers_bank: bool
) -> None:
    charge_id, card = await declined(run, stripe, NEEDS_PERSON)
    async with transaction(run.pool) as conn:
        assert await pass_bank.watch_person(conn, charge_id)
    intent_id = (await run.read(charge_id))["payment_intent_id"]
    secret, _ = await run.gateway.read_secret(intent_id)

    assert stripe.confirm_in_browser(secret, card.payment_method_id) == "requires_action"
    stripe.answer_bank(intent_id, succeed=answers_bank)
    await run.time_passes()
    await charges.reader(run.pool, run.gateway).finish()

    if answers_bank:
        assert await run.statuses() == ["succeeded"]
        assert stripe.charged(run.slug) == [AMOUNT]
    else:
        assert await run.statuses() == ["declined"]
        *_, event = await outbox_events(run.owner, "settlement.charge_declined")
        assert event["code"] == "payment_intent_authentication_failure"
        assert event["is_quiet"]


async def test_who_never_answers_the_bank_has_changed_nothing(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, _ = await declined(run, stripe, NEEDS_PERSON)
    async with transaction(run.pool) as conn:
        await pass_bank.watch_person(conn, charge_id)

    await run.time_passes()
    await charges.reader(run.pool, run.gateway).finish()
    assert await run.statuses() == ["with_person"]

    await run.owner.execute("UPDATE charges SET person_until = clock_timestamp()")
    await run.time_passes()
    await charges.reader(run.pool, run.gateway).finish()

    assert await run.statuses() == ["declined"]
    assert await run.attempts() == [(1, "declined"), (2, "abandoned")]
    assert len(await outbox_events(run.owner, "settlement.charge_declined")) == 1


async def test_a_payment_made_after_we_stopped_waiting_is_adopted(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, card = await declined(run, stripe, NEEDS_PERSON)
    intent_id = (await run.read(charge_id))["payment_intent_id"]
    secret, _ = await run.gateway.read_secret(intent_id)
    stripe.confirm_in_browser(secret, card.payment_method_id)
    stripe.answer_bank(intent_id, succeed=True)

    async with transaction(run.pool) as conn:
        await hear_stripe.keep_event(conn, _told(intent_id, "payment_intent.succeeded"))
    await charges.reader(run.pool, run.gateway).finish()

    assert await run.statuses() == ["succeeded"]


async def test_a_success_found_at_the_end_is_adopted_and_nothing_is_lost(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, card = await declined(run, stripe, NEEDS_PERSON)
    intent_id = (await run.read(charge_id))["payment_intent_id"]
    secret, _ = await run.gateway.read_secret(intent_id)
    stripe.confirm_in_browser(secret, card.payment_method_id)
    stripe.answer_bank(intent_id, succeed=True)

    await run.tick(to=NOW + 8 * DAY)

    assert await run.statuses() == ["succeeded"]
    assert await outbox_events(run.owner, "settlement.charge_lost") == []


async def test_an_end_without_an_answer_is_asked_again(run: Settlement, stripe: Sandbox) -> None:
    charge_id, _ = await declined(run, stripe)
    stripe.faults(error_rate=1)
    await run.tick(to=NOW + 8 * DAY)
    assert (await run.read(charge_id))["status"] == "ending"
    stripe.reset()

    await run.time_passes()
    await run.tick()

    assert await run.statuses() == ["lost"]


async def test_who_asks_for_the_banks_check_for_ever_keeps_no_window_open(
    run: Settlement, stripe: Sandbox
) -> None:
    charge_id, _ = await declined(run, stripe, NEEDS_PERSON)
    async with transaction(run.pool) as conn:
        assert await pass_bank.watch_person(conn, charge_id)
        assert await pass_bank.watch_person(conn, charge_id)
    await move_clock(run.owner, NOW + 8 * DAY)

    async with transaction(run.pool) as conn:
        assert not await pass_bank.watch_person(conn, charge_id)
    await run.owner.execute("UPDATE charges SET person_until = clock_timestamp()")
    await run.time_passes()
    await charges.reader(run.pool, run.gateway).finish()
    await run.tick()

    assert await run.statuses() == ["lost"]


async def test_nothing_begins_once_the_window_is_over(run: Settlement, stripe: Sandbox) -> None:
    charge_id, card = await declined(run, stripe)
    await move_clock(run.owner, NOW + 8 * DAY)

    await run.change_card(charge_id, stripe.another_card(card), saved_at=NOW + 8 * DAY)
    async with transaction(run.pool) as conn:
        assert not await pass_bank.watch_person(conn, charge_id)
    await run.finish()
    await run.tick()

    assert await run.statuses() == ["lost"]
    assert stripe.charged(run.slug) == []


async def test_a_sum_no_card_can_pay_is_lost_at_once_and_told_once(
    run: Settlement, stripe: Sandbox
) -> None:
    (charge_id,) = await run.ask(stripe.saved_card(), amount=49)
    await run.charge(charge_id)
    await run.tick()

    (decline,) = await outbox_events(run.owner, "settlement.charge_declined")
    (lost,) = await outbox_events(run.owner, "settlement.charge_lost")
    assert decline["is_quiet"]
    assert lost["because"] == "impossible"


async def test_a_card_declined_for_one_campaign_is_a_doubt_in_the_next_ones_plan(
    run: Settlement, stripe: Sandbox
) -> None:
    other = a_slug()
    bad, good = stripe.saved_card(DECLINED), stripe.saved_card()
    await run.ask(bad, good)
    await run.finish()
    async with transaction(run.pool) as conn:
        for card in (bad, good):
            await take_requests.keep_pledge(conn, created(a_pledge(other, card=card)))
        in_other = await copies.list_refused_cards(conn, other)
        in_its_own = await copies.list_refused_cards(conn, run.slug)

    assert in_other == {bad.payment_method_id}
    assert in_its_own == frozenset()


async def test_a_killed_end_is_taken_up_again(run: Settlement, stripe: Sandbox) -> None:
    charge_id, _ = await declined(run, stripe)
    await move_clock(run.owner, NOW + 8 * DAY)
    async with transaction(run.pool) as conn:
        (leased,) = await recover.take_ending(conn)
    assert leased.payment_intent_id is not None
    await run.gateway.end(leased.payment_intent_id, "end:1")

    await run.time_passes()
    await run.tick()

    assert (await run.read(charge_id))["status"] == "lost"


def _told(intent_id: str, kind: str) -> StripeEventReceived:
    return StripeEventReceived(
        event_id=new_event_id(),
        occurred_at=NOW,
        stripe_event_id=f"evt_{intent_id}_{kind}",
        stripe_type=kind,
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
        object_id=intent_id,
        object=None,
    )


class Frozen:
    """A gateway whose first call of a kind stands still before it leaves, until it is thawed."""

    def __init__(self, gateway: StripeGateway, where: str) -> None:
        self._gateway = gateway
        self._where = where
        self._is_first = True
        self.reached = asyncio.Event()
        self.thawed = asyncio.Event()

    async def create(self, parameters: Mapping[str, Any], key: str) -> Any:
        await self._stand_still("create")
        return await self._gateway.create(parameters, key)

    async def confirm(self, intent_id: str, parameters: Mapping[str, Any], key: str) -> Any:
        await self._stand_still("confirm")
        return await self._gateway.confirm(intent_id, parameters, key)

    async def _stand_still(self, where: str) -> None:
        if self._is_first and where == self._where:
            self._is_first = False
            self.reached.set()
            await self.thawed.wait()


@pytest.mark.parametrize("hours", [0, 25])
@pytest.mark.parametrize("where", ["create", "confirm"])
async def test_eight_chargers_five_messages_each_and_one_frozen_in_its_call(
    run: Settlement, stripe: Sandbox, where: str, hours: int
) -> None:
    charge_ids = await run.ask(*(stripe.saved_card() for _ in range(12)))
    frozen = Frozen(run.gateway, where)
    asleep = asyncio.create_task(
        charge.charge(run.pool, cast(StripeGateway, frozen), charge_ids[0])
    )
    await frozen.reached.wait()

    messages = [charge_id for charge_id in charge_ids for _ in range(5)]
    queue = iter(messages)

    async def charger() -> None:
        for charge_id in queue:
            await run.charge(charge_id)

    await asyncio.gather(*(charger() for _ in range(8)))
    assert await run.undecided() == [charge_ids[0]]
    if hours:
        # Stripe has forgotten every key by then.
        stripe.advance(f"PT{hours}H")
        await run.owner.execute(
            "UPDATE platform.clock_offset SET offset_by = offset_by + make_interval(hours => $1)",
            hours,
        )
    await run.leases_end()
    await run.finish()
    frozen.thawed.set()
    await asleep

    assert await run.statuses() == ["succeeded"] * 12
    assert stripe.charged(run.slug) == [AMOUNT] * 12
    # Asked for under a key that Stripe forgot meanwhile, it makes another; nobody confirms it.
    strays = int(where == "create" and hours > 0)
    statuses = [each["status"] for each in stripe.intents(run.slug)]
    assert (statuses.count("succeeded"), len(statuses)) == (12, 12 + strays)
