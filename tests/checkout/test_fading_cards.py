"""Cards that will not last are spoken of at once, and 7 and 2 days before the deadline."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contracts.campaign import PlatformDefinition
from contracts.events.checkout import Card, CardNoticeDue
from services.checkout.domain.orders import Order
from services.checkout.handlers.care_for_cards import BATCH, warn_about
from services.checkout.handlers.hear_pledges import hear_cancelled
from services.checkout.handlers.show_orders import summarise
from services.checkout.queries import campaigns, cards
from services.checkout.steps.announce_fading_cards import announce_fading_cards
from services.checkout.steps.ask_about_order import wait_for_status
from tests.checkout.floor import Floor
from tests.checkout.samples import CARD, a_cart, a_slug, an_email, cancelled

# Midnight at the end of January in Denver; the recovery window ends on the 8th of February.
DEADLINE = datetime(2031, 2, 1, 7, tzinfo=UTC)


def a_card(number: int, month: int, year: int = 2031) -> Card:
    return msgspec.structs.replace(
        CARD, payment_method_id=f"pm_{number}", exp_month=month, exp_year=year
    )


class House:
    """A campaign, and the day it is."""

    def __init__(self, floor: Floor, slug: str) -> None:
        self.floor = floor
        self.slug = slug
        self._number = 0

    async def pledge(self, month: int, year: int = 2031, *, email: str = "") -> Order:
        """Return a pledge whose card ends with that month, saved now."""
        self._number += 1
        cart = a_cart(f"{self.slug}__frame", email=email or an_email())
        now = await self.floor.now()
        return await self.floor.complete(
            await self.floor.open(cart),
            at=now.replace(microsecond=0),
            card=a_card(self._number, month, year),
        )

    async def copy(self, *, times: int) -> None:
        """Give so many others the same card and the same pledge."""
        for table, names in (
            ("cards", "payment_method_id, supporter_id"),
            ("card_uses", "payment_method_id, supporter_id, pledge_id"),
        ):
            columns = await self.floor.owner.fetch(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_schema = 'checkout' AND table_name = $1",
                table,
            )
            listed = [row["column_name"] for row in columns]
            copied = [f"{each} || '-' || n" if each in names else each for each in listed]
            await self.floor.owner.execute(
                f"INSERT INTO {table} ({', '.join(listed)}) "
                f"SELECT {', '.join(copied)} FROM {table}, generate_series(1, $1) AS n",
                times,
            )

    async def days_before(self, days: float) -> None:
        """Let it be so many days before the deadline."""
        now = await self.floor.now()
        await self.floor.move_clock(DEADLINE - timedelta(days=days) - now)

    async def announce(self) -> int:
        return await announce_fading_cards(self.floor.pool)

    async def said(self) -> list[CardNoticeDue]:
        return await self.floor.said(CardNoticeDue, self.slug)


@pytest.fixture
async def house(floor: Floor) -> House:
    slug = a_slug()
    await floor.publish(slug=slug, starts_at=datetime(2020, 1, 1, tzinfo=UTC), deadline_at=DEADLINE)
    made = House(floor, slug)
    await made.days_before(20)
    return made


@pytest.mark.parametrize(
    ("month", "year", "is_warned"),
    [
        pytest.param(1, 2031, True, id="ends with the deadline's month"),
        pytest.param(2, 2031, False, id="lasts through the recovery window"),
        pytest.param(12, 2030, True, id="is over before the deadline"),
        pytest.param(0, 0, False, id="nobody told the month"),
    ],
)
async def test_a_card_is_warned_of_at_once_if_it_ends_before_the_recovery_window_does(
    house: House, month: int, year: int, is_warned: bool
) -> None:
    order = await house.pledge(month, year)

    status = await wait_for_status(house.floor.pool, order.order_id, 0, asyncio.Event())
    summary = await house.floor.do(summarise, order.order_id)

    assert (status.card_warning is not None) == is_warned
    assert summary.card_warning == status.card_warning
    if status.card_warning is not None:
        assert status.card_warning.needed_until == DEADLINE + timedelta(days=7)
        assert (status.card_warning.exp_month, status.card_warning.exp_year) == (month, year)


async def test_a_longer_recovery_window_wants_a_card_that_lasts_longer(house: House) -> None:
    platform = PlatformDefinition(version=2, recovery_window_days=21)
    await house.floor.do(campaigns.upsert_platform, platform)
    lasting, fading = a_card(90, 2), a_card(91, 1)

    warned = [
        await house.floor.do(warn_about, each, [house.slug]) for each in (lasting, fading, None)
    ]

    # Until the 22nd of February: a card of that month still holds.
    assert [each is not None for each in warned] == [False, True, False]


async def test_its_owner_is_told_seven_and_two_days_before_and_once_each(house: House) -> None:
    fading = await house.pledge(1)
    await house.pledge(3)

    early = await house.announce()
    days = []
    for day in (7, 6, 2, 1, 0.01):
        await house.days_before(day)
        for _ in range(2):
            await house.announce()
        days.append([each.days_left for each in await house.said()])
    notice = (await house.said())[0]

    assert early == 0
    assert days == [[7], [7], [7, 2], [7, 2], [7, 2]]
    assert (notice.email, notice.reason) == (fading.email, "expires")
    assert notice.pledge_ids == (fading.pledges[0].pledge_id,)
    assert notice.card.exp_month == 1
    assert notice.needed_until == DEADLINE + timedelta(days=7)


async def test_who_pledges_within_the_week_was_told_at_that_moment(house: House) -> None:
    await house.days_before(5)
    await house.pledge(1)
    await house.announce()
    first = await house.said()
    await house.days_before(1.9)

    await house.announce()

    assert first == []
    assert [each.days_left for each in await house.said()] == [2]


async def test_a_week_nobody_was_there_for_is_told_once(house: House) -> None:
    await house.pledge(1)
    await house.days_before(1)

    await house.announce()

    assert [each.days_left for each in await house.said()] == [2]


async def test_nobody_is_told_after_the_deadline_or_about_a_cancelled_pledge(
    house: House,
) -> None:
    gone = await house.pledge(1)
    await house.floor.do(hear_cancelled, cancelled(gone))
    await house.days_before(7)
    await house.announce()
    await house.pledge(1)
    await house.days_before(-0.01)
    await house.announce()

    assert await house.said() == []


async def test_the_newest_card_of_a_supporter_is_the_one_that_counts(house: House) -> None:
    safe, unsafe = an_email("safe"), an_email("unsafe")
    await house.pledge(1, email=safe)
    await house.pledge(1, email=unsafe)
    await house.days_before(19)
    await house.pledge(9, email=safe)
    newest = await house.pledge(12, 2030, email=unsafe)
    await house.days_before(7)

    await house.announce()

    (notice,) = await house.said()
    assert notice.email == unsafe
    assert notice.card.exp_year == 2030
    assert len(notice.pledge_ids) == 2
    assert newest.pledges[0].pledge_id in notice.pledge_ids


async def test_a_card_stripe_will_not_charge_is_spoken_of_too(house: House) -> None:
    order = await house.pledge(9)
    method = await house.floor.card_of(order)
    await house.floor.do(cards.mark_unusable, "detached", payment_method_id=method)
    await house.days_before(7)

    await house.announce()

    assert [each.reason for each in await house.said()] == ["unusable"]


async def test_a_deadline_that_was_moved_is_announced_anew(house: House) -> None:
    await house.pledge(1)
    await house.days_before(7)
    await house.announce()
    later = DEADLINE + timedelta(days=10)
    await house.floor.owner.execute("UPDATE campaigns SET deadline_at = $1", later)

    between = await house.announce()
    await house.days_before(-3)
    await house.announce()

    assert between == 0
    assert [(each.days_left, each.deadline_at) for each in await house.said()] == [
        (7, DEADLINE),
        (7, later),
    ]


async def test_a_crowd_is_told_in_batches(house: House) -> None:
    await house.pledge(1)
    await house.copy(times=BATCH + 2)
    await house.days_before(7)

    announced = await house.announce()

    assert announced == BATCH + 3
    assert len({each.supporter_id for each in await house.said()}) == BATCH + 3
    assert await house.announce() == 0
