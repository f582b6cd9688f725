"""The rules themselves, without a database."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ids import OrderId, supporter_id
from contracts.money import Cents
from contracts.pricing import PricedLine
from contracts.refusals import NotYours, StateRefused
from services.pledges.domain import paying, pledging
from services.pledges.domain.figures import Figures, add_counts, compare, percent_funded
from services.pledges.domain.record import public_record, selection
from tests.pledges.builders import (
    AMOUNT,
    DEADLINE,
    NOW,
    SLUG,
    STARTS,
    SUBTOTAL,
    a_campaign,
    a_pledge,
    an_order,
    declined,
    paid,
    some_lines,
)

TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("state", "completed_at", "reason"),
    [
        pytest.param("open", DEADLINE - TICK, None, id="last instant"),
        pytest.param("closing", DEADLINE - TICK, None, id="heard while counting"),
        pytest.param("closed", DEADLINE - TICK, "closed", id="heard after the close"),
        pytest.param("open", DEADLINE, "deadline_passed", id="deadline itself"),
        pytest.param("closed", DEADLINE, "deadline_passed", id="too late in any case"),
    ],
)
def test_an_order_counts_if_stripe_completed_it_before_the_deadline(
    state: str, completed_at: object, reason: str | None
) -> None:
    assert pledging.refusal(a_campaign(state=state), completed_at) == reason


def test_the_deadline_instant_itself_is_too_late_to_cancel() -> None:
    pledge, campaign = a_pledge(), a_campaign()

    assert pledging.cancel(pledge, campaign, now=DEADLINE - TICK).pledge.status == "cancelled"
    with pytest.raises(StateRefused, match="deadline_passed"):
        pledging.cancel(pledge, campaign, now=DEADLINE)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("cancelled", "pledge_cancelled"),
        ("charged", "pledge_charged"),
        ("payment_failed", "deadline_passed"),
        ("released", "deadline_passed"),
    ],
)
def test_only_an_active_pledge_can_be_cancelled(status: str, reason: str) -> None:
    with pytest.raises(StateRefused, match=reason):
        pledging.cancel(a_pledge(status=status), a_campaign(), now=NOW)


def test_a_cancellation_takes_back_exactly_what_the_creation_added() -> None:
    order = an_order()
    created = pledging.create(order, order.pledges[0], now=NOW)

    cancelled = pledging.cancel(created.pledge, a_campaign(), now=NOW)

    assert created.entry.delta + cancelled.entry.delta == Figures()
    assert (created.entry.version, cancelled.entry.version) == (1, 2)
    assert created.entry.delta.total_cents == AMOUNT


def test_a_charge_collects_what_counts_toward_the_goal_and_records_what_was_taken() -> None:
    pledge = a_pledge()
    failed = paying.fail(pledge, declined(pledge.email), now=NOW)
    assert failed is not None

    charged = paying.charge(failed.pledge, paid(pledge.email), now=NOW)

    assert charged is not None
    assert charged.entry.charged_cents == AMOUNT
    assert failed.entry.delta.recovering_cents == SUBTOTAL
    assert failed.entry.delta + charged.entry.delta == Figures(collected_cents=SUBTOTAL)


@pytest.mark.parametrize("status", ["cancelled", "released"])
def test_a_charge_of_a_pledge_that_is_over_is_a_fault(status: str) -> None:
    with pytest.raises(pledging.LedgerFault):
        paying.charge(a_pledge(status=status), paid("x@y.example"), now=NOW)
    with pytest.raises(pledging.LedgerFault):
        paying.fail(a_pledge(status=status), declined("x@y.example"), now=NOW)


@pytest.mark.parametrize(
    ("pledged", "goal", "percent"),
    [
        pytest.param(380_000, 2_500_000, 15, id="the documents' 15.2"),
        pytest.param(5, 1_000, 1, id="half a percent rounds up"),
        pytest.param(4, 1_000, 0, id="just below"),
        pytest.param(3_000, 1_000, 300, id="three times"),
        pytest.param(3_000, 0, 0, id="no goal"),
    ],
)
def test_percent_funded_rounds_half_up(pledged: int, goal: int, percent: int) -> None:
    assert percent_funded(pledged, goal) == percent


@pytest.mark.parametrize(
    ("status", "now", "state", "flags"),
    [
        pytest.param("active", NOW, "open", (True, True, False), id="live"),
        pytest.param("active", DEADLINE, "open", (False, True, True), id="deadline passed"),
        pytest.param("active", NOW, "closing", (False, True, True), id="clock moved back"),
        pytest.param("cancelled", NOW, "open", (False, True, False), id="cancelled"),
        pytest.param("payment_failed", DEADLINE, "closed", (False, True, True), id="failed"),
        pytest.param("charged", DEADLINE, "closed", (False, False, True), id="charged"),
        pytest.param("released", DEADLINE, "closed", (False, True, True), id="released"),
    ],
)
def test_the_flags_of_the_record(
    status: str, now: object, state: str, flags: tuple[bool, bool, bool]
) -> None:
    campaign = a_campaign(state=state, is_funded=True if state == "closed" else None)

    record = public_record(a_pledge(status=status), campaign, [], now=now)

    assert record.can_modify is record.can_cancel is flags[0]
    assert (record.can_update_payment_method, record.deadline_passed) == flags[1:]


def test_the_record_speaks_the_products_language_and_hides_stripes_ids() -> None:
    order = an_order()
    change = pledging.create(order, order.pledges[0], now=NOW)

    raw = msgspec.json.encode(public_record(change.pledge, a_campaign(), [change.entry], now=NOW))
    record = msgspec.json.decode(raw)

    assert record["orderId"] == order.order_id
    assert (record["tierId"], record["tierQty"]) == ("producer-credit", 2)
    assert record["supportItems"] == [{"id": "location-scouting", "amount": 14.5}]
    assert record["customAmount"] == 15.5
    assert record["additionalTiers"] == []
    assert record["card"] == {"brand": "visa", "last4": "4242", "expMonth": 8, "expYear": 2031}
    assert record["shippingAddress"]["postalCode"] == "87101"
    assert record["history"][0] == {
        "type": "created",
        "subtotal": 5_000,
        "tax": 394,
        "shipping": 300,
        "tipPercent": 5,
        "tipAmount": 250,
        "amount": 5_944,
        "tierId": "producer-credit",
        "tierQty": 2,
        "additionalTiers": [],
        "supportItems": [{"id": "location-scouting", "amount": 14.5}],
        "customAmount": 15.5,
        "bundleAddOns": [],
        "at": NOW.isoformat().replace("+00:00", "Z"),
    }
    assert record["recovery"] is None
    assert b"cus_" not in raw
    assert b"pm_" not in raw
    assert b"fp4242" not in raw


def test_further_tiers_follow_the_first() -> None:
    chosen = selection([*some_lines("a"), *some_lines("b")[:1]])

    assert (chosen.tier_id, [each.id for each in chosen.additional_tiers]) == ("a", ["b"])


def test_a_tier_pledged_at_two_prices_is_one_tier_to_people() -> None:
    cheaper = some_lines("a")[0]
    dearer = msgspec.structs.replace(cheaper, unit_cents=Cents(3_000), total_cents=Cents(6_000))

    chosen = selection([cheaper, dearer])

    assert (chosen.tier_id, chosen.tier_qty, chosen.additional_tiers) == ("a", 4, ())


def test_add_ons_say_whose_they_are_and_answers_are_told_to_their_owner() -> None:
    tier = msgspec.structs.replace(some_lines()[0], answers={"Name in the credits": "Zoë"})
    tote = PricedLine(
        kind="add_on",
        item_id="tote",
        variant_id="black",
        label="Tote bag, black",
        quantity=2,
        unit_cents=Cents(1_500),
        total_cents=Cents(3_000),
        counts_toward_goal=False,
        is_physical=True,
    )
    pledge = a_pledge(lines=(tier, tote))

    told = public_record(pledge, a_campaign(), [], now=NOW)

    assert told.lines[0].answers == {"Name in the credits": "Zoë"}
    assert told.bundle_add_on_subtotal == 3_000
    assert list(msgspec.to_builtins(told.bundle_add_ons)) == [
        {
            "productId": "tote",
            "variantId": "black",
            "name": "Tote bag, black",
            "quantity": 2,
            "unitPrice": 1_500,
            "scope": "platform",
            "category": "physical",
        }
    ]


def test_a_link_is_for_one_pledge_of_one_person() -> None:
    from contracts.magic_link import MagicLink

    email = "noor@halfmoon.example"
    pledge = a_pledge(email=email, supporter_id=supporter_id(email))
    link = MagicLink(pledge_id=pledge.pledge_id, email=email.title(), campaign_slug=SLUG, exp=1)

    pledging.require_holder(pledge, link)
    for changes in ({"email": "other@halfmoon.example"}, {"campaign_slug": "one-roll"}):
        with pytest.raises(NotYours):
            pledging.require_holder(pledge, msgspec.structs.replace(link, **changes))


def test_what_people_are_told_about_a_campaigns_state() -> None:
    told = [
        a_campaign().state_at(STARTS - TICK),
        a_campaign().state_at(STARTS),
        a_campaign().state_at(DEADLINE - TICK),
        a_campaign().state_at(DEADLINE),
        a_campaign(state="closing").state_at(NOW),
        a_campaign(state="closed", is_funded=False).state_at(NOW),
    ]

    assert told == ["upcoming", "live", "live", "closing", "closing", "post"]


def test_a_difference_names_the_figure_and_the_three_values() -> None:
    right = Figures(pledge_count=1, tier_counts={"a": 1})
    wrong = Figures(pledge_count=2, tier_counts={"b": 1})

    found = {
        each.what: (each.history, each.pledges, each.totals)
        for each in compare(right, right, wrong)
    }

    assert found == {
        "pledge_count": (1, 1, 2),
        "tier_counts.a": (1, 1, 0),
        "tier_counts.b": (0, 0, 1),
    }


def test_the_notice_sums_a_supporters_pledges_and_shows_the_newest_card() -> None:
    older = a_pledge(card_saved_at=NOW)
    newer = a_pledge(card_saved_at=NOW + TICK, language="en")

    notice = pledging.notice([newer, older])

    assert notice.total_cents == 2 * AMOUNT
    assert (notice.language, notice.email) == ("en", newer.email)
    assert len(notice.lines) == 6


@pytest.mark.parametrize("seconds_late", [0, 1, 7 * 86_400])
def test_of_two_cards_saved_in_one_second_the_later_is_the_newest(seconds_late: int) -> None:
    # Stripe tells whole seconds, so within one its time cannot say which card is newer.
    heard_at = NOW + timedelta(seconds=seconds_late, milliseconds=700)
    first, second = (
        msgspec.structs.replace(
            an_order(order_id=OrderId(f"pool-intent-{digit * 32}"), last4=last4),
            occurred_at=occurred_at,
        )
        for digit, last4, occurred_at in (
            ("f", "1111", NOW + timedelta(milliseconds=200)),
            ("0", "2222", heard_at),
        )
    )

    made = [pledging.create(each, each.pledges[0], now=heard_at).pledge for each in (first, second)]

    assert pledging.notice(made).card.last4 == "2222"
    assert all(NOW <= each.card_saved_at < NOW + timedelta(seconds=1) for each in made)


counts = st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5))
figures = st.builds(
    Figures,
    pledge_count=st.integers(-9, 9),
    pledged_cents=st.integers(-9_999, 9_999),
    tier_counts=counts,
    support_item_cents=counts,
)


@given(figures, figures, figures)
def test_figures_add_like_numbers(a: Figures, b: Figures, c: Figures) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + -a == Figures()


@given(counts, counts)
def test_counts_that_come_to_nothing_disappear(a: dict[str, int], b: dict[str, int]) -> None:
    assert 0 not in add_counts(a, b).values()
