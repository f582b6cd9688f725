"""The plan: the same charges, the same hash; any change, another one."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.checkout import Card
from contracts.ids import CampaignSlug, PledgeId, SupporterId
from contracts.money import Cents
from services.settlement.domain import plan, runs
from services.settlement.domain.plan import ChargeFacts, PledgeCopy
from tests.settlement.builders import A_CARD, NOW, a_definition

SLUG = CampaignSlug("film")
CAMPAIGN = runs.of_definition(a_definition(SLUG))
ANOTHER_CARD = msgspec.structs.replace(A_CARD, payment_method_id="pm_2", last4="4444")


def a_copy(
    supporter: str = "noor",
    pledge: str = "p1",
    *,
    amount: int = 5_944,
    status: str = "active",
    card: Card = A_CARD,
    card_saved_at: datetime = NOW,
) -> PledgeCopy:
    return PledgeCopy(
        pledge_id=PledgeId(pledge),
        supporter_id=SupporterId(supporter),
        status=status,
        amount_cents=Cents(amount),
        goal_cents=Cents(amount),
        customer_id=card.customer_id,
        payment_method_id=card.payment_method_id,
        card_brand=card.brand,
        card_last4=card.last4,
        card_exp_month=card.exp_month,
        card_exp_year=card.exp_year,
        card_saved_at=card_saved_at,
    )


def test_a_supporter_is_charged_once_for_all_pledges_with_the_newest_card() -> None:
    pledges = [
        a_copy(pledge="old", card_saved_at=NOW),
        a_copy(pledge="new", card_saved_at=NOW + timedelta(days=1), card=ANOTHER_CARD),
        a_copy("ines", "other", amount=1_000),
    ]

    made = plan.forecast(CAMPAIGN, pledges)

    noor = next(charge for charge in made.charges if charge.supporter == "noor")
    assert (made.supporters, made.total_amount) == (2, 2 * 5_944 + 1_000)
    assert (noor.amount, noor.card.last4, noor.flags) == (11_888, "4444", ("several_cards",))
    assert sorted(noor.order_ids) == ["new", "old"]


def test_a_card_that_could_not_pay_another_campaign_is_likely_to_fail_again() -> None:
    pledges = [a_copy(card=ANOTHER_CARD), a_copy("ines", "other")]

    made = plan.forecast(CAMPAIGN, pledges, refused_cards=frozenset({"pm_2"}))

    flags = {each.supporter: each.flags for each in made.charges}
    assert flags == {"noor": ("declined_elsewhere",), "ines": ()}
    assert made.plan_hash == plan.forecast(CAMPAIGN, pledges).plan_hash, (
        "it is charged all the same"
    )


def test_who_is_not_charged_is_named_with_the_reason() -> None:
    made = plan.forecast(CAMPAIGN, [a_copy(), a_copy(pledge="gone", status="cancelled")])

    assert [(each.order_id, each.reason) for each in made.excluded] == [("gone", "cancelled")]


@pytest.mark.parametrize(
    ("instant", "is_expired"),
    [
        pytest.param(datetime(2026, 4, 1, 5, 59, 59, tzinfo=UTC), False, id="its last second"),
        pytest.param(datetime(2026, 4, 1, 6, tzinfo=UTC), True, id="midnight in Denver"),
    ],
)
def test_a_card_lasts_until_its_last_day_is_over_in_the_platforms_zone(
    instant: datetime, is_expired: bool
) -> None:
    card = msgspec.structs.replace(A_CARD, exp_month=3, exp_year=2026)
    (charge,) = plan.forecast(CAMPAIGN, [a_copy(card=card)]).charges
    ending = msgspec.structs.replace(CAMPAIGN, deadline_at=instant)

    flags = plan.forecast(ending, [a_copy(card=card)]).charges[0].flags

    assert charge.amount == 5_944
    assert ("expires_before_deadline" in flags) is is_expired


def test_a_card_that_lasts_for_the_first_try_alone_is_flagged() -> None:
    in_march = msgspec.structs.replace(A_CARD, exp_month=3, exp_year=2026)
    no_window = msgspec.structs.replace(CAMPAIGN, recovery_days=0)

    flags = [
        plan.forecast(campaign, [a_copy(card=in_march)]).charges[0].flags
        for campaign in (CAMPAIGN, no_window)
    ]

    assert flags == [("expires_in_recovery",), ()]


def test_a_sum_below_stripes_minimum_is_flagged() -> None:
    flags = [
        plan.forecast(CAMPAIGN, [a_copy(amount=amount)]).charges[0].flags for amount in (49, 50)
    ]

    assert flags == [("amount_too_small",), ()]


def test_the_forecast_says_whether_the_goal_would_be_met() -> None:
    short = plan.forecast(CAMPAIGN, [a_copy(amount=9_999)])
    enough = plan.forecast(CAMPAIGN, [a_copy(amount=10_000)])

    assert (short.is_funded, enough.is_funded) == (False, True)


def test_without_a_goal_nothing_is_funded_as_at_the_close() -> None:
    without = msgspec.structs.replace(CAMPAIGN, goal_cents=Cents(0))

    assert not plan.forecast(without, [a_copy(amount=10_000)]).is_funded


def test_the_executed_plan_has_the_hash_of_the_forecast_it_fulfils() -> None:
    pledges = [a_copy(pledge="a"), a_copy(pledge="b"), a_copy(pledge="c", status="cancelled")]
    forecast = plan.forecast(CAMPAIGN, pledges)
    asked = [
        ChargeFacts(
            supporter_id=SupporterId("noor"),
            pledge_ids=(PledgeId("b"), PledgeId("a")),
            amount_cents=Cents(2 * 5_944),
            customer_id="cus_1",
            payment_method_id="pm_1",
            card_brand="visa",
            card_last4="4242",
            card_exp_month=12,
            card_exp_year=2034,
        )
    ]
    closing = runs.Closing(
        campaign=SLUG,
        is_funded=True,
        pledged_cents=Cents(11_888),
        pledge_count=2,
        goal_cents=Cents(10_000),
        closed_at=NOW,
    )

    executed = plan.executed(CAMPAIGN, closing, asked, pledges)

    assert executed.plan_hash == forecast.plan_hash
    assert (executed.is_forecast, forecast.is_forecast) == (False, True)


def test_after_an_unfunded_close_everybody_is_excluded_as_not_funded() -> None:
    closing = runs.Closing(
        campaign=SLUG,
        is_funded=False,
        pledged_cents=Cents(5_944),
        pledge_count=1,
        goal_cents=Cents(10_000),
        closed_at=NOW,
    )

    executed = plan.executed(
        CAMPAIGN, closing, [], [a_copy(), a_copy("x", "y", status="cancelled")]
    )

    assert (executed.charges, executed.total_amount) == ((), 0)
    assert {each.order_id: each.reason for each in executed.excluded} == {
        "p1": "not_funded",
        "y": "cancelled",
    }


COPIES = st.lists(
    st.builds(
        a_copy,
        st.sampled_from(["noor", "ines", "tam"]),
        st.uuids().map(str),
        amount=st.integers(1, 1_000_000),
        status=st.sampled_from(["active", "cancelled"]),
        card_saved_at=st.integers(0, 1_000).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda copy: copy.pledge_id,
)


@given(COPIES, st.randoms())
def test_the_plan_adds_up_and_does_not_depend_on_the_order_of_rows(
    pledges: list[PledgeCopy], random: st.DataObject
) -> None:
    shuffled = list(pledges)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    made, again = plan.forecast(CAMPAIGN, pledges), plan.forecast(CAMPAIGN, shuffled)

    active = [each.amount_cents for each in pledges if each.status == "active"]
    assert made.total_amount == sum(active) == sum(charge.amount for charge in made.charges)
    assert len(made.excluded) == len(pledges) - len(active)
    assert made.plan_hash == again.plan_hash


@given(COPIES, st.integers(0, 11))
def test_a_cent_more_is_another_plan(pledges: list[PledgeCopy], place: int) -> None:
    chosen = pledges[place % len(pledges)]
    dearer = msgspec.structs.replace(chosen, amount_cents=Cents(chosen.amount_cents + 1))
    changed = [dearer if each is chosen else each for each in pledges]

    same = plan.forecast(CAMPAIGN, pledges).plan_hash == plan.forecast(CAMPAIGN, changed).plan_hash

    assert same is (chosen.status != "active")
