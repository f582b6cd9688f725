"""The rules after a charge that need no database and no Stripe."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.checkout import StripeEventReceived
from contracts.ids import CampaignSlug, ChargeId, EventId, PledgeId, SupporterId
from contracts.money import Cents, split
from services.settlement.domain.money_back import retry_seconds
from services.settlement.domain.reconciling import Break, OurCharge, TheirIntent, breaks, confirmed
from services.settlement.domain.refund_plan import Refundable, Wanted, plan_refunds
from services.settlement.handlers.hear_money import subject_of
from tests.settlement.builders import NOW

SLUG = CampaignSlug("film")

weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=8).filter(lambda each: sum(each) > 0)


def test_the_fee_of_the_product_documents_is_split_as_they_say() -> None:
    assert split(59, [1_000, 500, 500]) == [29, 15, 15]


@given(st.integers(0, 10**9), weights)
def test_what_is_split_adds_up_and_is_fair_to_the_cent(amount: int, parts: list[int]) -> None:
    shares = split(amount, parts)

    assert sum(shares) == amount
    for share, weight in zip(shares, parts, strict=True):
        assert abs(share * sum(parts) - amount * weight) < sum(parts)


@given(weights, st.data())
def test_no_part_gets_more_than_its_weight_unless_the_whole_does(
    parts: list[int], data: st.DataObject
) -> None:
    amount = data.draw(st.integers(0, sum(parts)))

    assert all(share <= weight for share, weight in zip(split(amount, parts), parts, strict=True))


@pytest.mark.parametrize(("amount", "parts"), [(1, [0, 0]), (1, []), (-1, [1]), (1, [2, -1])])
def test_nothing_cannot_be_split_over(amount: int, parts: list[int]) -> None:
    with pytest.raises(ValueError, match="split"):
        split(amount, parts)


def a_charge(**facts: object) -> Refundable:
    charge = Refundable(
        charge_id=ChargeId("chg_1"),
        supporter_id=SupporterId("noor"),
        pledge_ids=(PledgeId("p1"), PledgeId("p2")),
        pledge_cents=(4_000, 1_944),
        pledge_given_cents=(0, 0),
        amount_cents=Cents(5_944),
        given_cents=Cents(0),
        is_disputed=False,
    )
    return msgspec.structs.replace(charge, **facts)


@pytest.mark.parametrize(
    ("wanted", "facts", "amount"),
    [
        pytest.param({}, {}, 5_944, id="everything"),
        pytest.param({}, {"given_cents": 944}, 5_000, id="what is left"),
        pytest.param({"amount_cents": 100}, {}, 100, id="a part"),
        pytest.param({"pledge_id": "p2"}, {}, 1_944, id="one pledge's"),
        pytest.param(
            {"pledge_id": "p2"},
            {"given_cents": 900, "pledge_given_cents": (0, 900)},
            1_044,
            id="what is left of one pledge's",
        ),
    ],
)
def test_what_is_refunded(wanted: dict[str, object], facts: dict[str, object], amount: int) -> None:
    plan = plan_refunds(Wanted(campaign=SLUG, **wanted), [a_charge(**facts)])

    assert ([each.amount for each in plan.refunds], plan.total) == ([amount], amount)
    assert plan.left_out == ()


@pytest.mark.parametrize(
    ("wanted", "facts", "reason"),
    [
        pytest.param({}, {"is_disputed": True}, "disputed", id="the bank has it"),
        pytest.param({}, {"given_cents": 5_944}, "nothing_left", id="given back"),
        pytest.param({"amount_cents": 5_945}, {}, "less_than_wanted", id="too much"),
        pytest.param(
            {"pledge_id": "p2", "amount_cents": 1_945}, {}, "less_than_wanted", id="of one pledge"
        ),
        pytest.param(
            {"pledge_id": "p2"}, {"pledge_given_cents": (0, 1_944)}, "nothing_left", id="twice"
        ),
        pytest.param(
            {"pledge_id": "p2"}, {"pledge_cents": (4_000, None)}, "unknown_pledge_sum", id="unsure"
        ),
    ],
)
def test_what_is_left_out_and_why(
    wanted: dict[str, object], facts: dict[str, object], reason: str
) -> None:
    plan = plan_refunds(Wanted(campaign=SLUG, **wanted), [a_charge(**facts)])

    assert plan.refunds == ()
    assert [each.reason for each in plan.left_out] == [reason]


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        pytest.param(1_000, {"chg_2": 1_000}, id="from the largest"),
        pytest.param(7_000, {"chg_1": 1_000, "chg_2": 6_000}, id="and then the next"),
        pytest.param(8_000, {"chg_1": 2_000, "chg_2": 6_000}, id="all there is"),
        pytest.param(8_001, {}, id="more than there is"),
    ],
)
def test_a_part_is_one_sum_however_many_charges_somebody_paid(
    amount: int, parts: dict[str, int]
) -> None:
    charges = [
        a_charge(charge_id=f"chg_{number}", amount_cents=cents, is_disputed=number == 3)
        for number, cents in enumerate((2_000, 6_000, 9_000), start=1)
    ]

    plan = plan_refunds(
        Wanted(campaign=SLUG, supporter_id=SupporterId("noor"), amount_cents=amount), charges
    )

    assert {each.charge_id: each.amount for each in plan.refunds} == parts
    assert plan.total == sum(parts.values())
    reasons = {each.charge_id: each.reason for each in plan.left_out}
    short = {} if parts else {"chg_1": "less_than_wanted", "chg_2": "less_than_wanted"}
    assert reasons == {"chg_3": "disputed", **short}


def test_what_went_back_of_the_whole_charge_is_shared_by_its_pledges() -> None:
    charge = a_charge(pledge_cents=(5_000, 5_000), amount_cents=10_000, given_cents=6_000)

    def of_first(**facts: object) -> list[int]:
        wanted = Wanted(campaign=SLUG, pledge_id=PledgeId("p1"), **facts)
        return [each.amount for each in plan_refunds(wanted, [charge]).refunds]

    assert of_first() == of_first(amount_cents=2_000) == [2_000]
    assert of_first(amount_cents=2_001) == []


def test_the_hash_is_of_what_is_refunded() -> None:
    def hashed(**facts: object) -> str:
        return plan_refunds(Wanted(campaign=SLUG), [a_charge(**facts)]).plan_hash

    assert hashed() == hashed()
    assert hashed() != hashed(given_cents=1)


def test_a_refund_is_tried_again_at_growing_distance_and_never_hardly_ever() -> None:
    assert [retry_seconds(tries) for tries in (1, 2, 3, 50)] == [2, 4, 8, 600]


@pytest.mark.parametrize(
    ("stripe_type", "facts", "subject"),
    [
        ("charge.updated", {}, ("charge", "it")),
        ("charge.refunded", {"payment_intent": "pi_1"}, ("refunds", "pi_1")),
        ("refund.failed", {"payment_intent": {"id": "pi_1"}}, ("refunds", "pi_1")),
        ("refund.updated", {"payment_intent": None}, None),
        ("charge.dispute.funds_withdrawn", {}, ("dispute", "it")),
        ("radar.early_fraud_warning.created", {}, ("warning", "it")),
        ("payment_intent.succeeded", {}, None),
    ],
)
def test_what_is_looked_at_because_of_an_event(
    stripe_type: str, facts: dict[str, object], subject: tuple[str, str] | None
) -> None:
    event = StripeEventReceived(
        event_id=EventId("1"),
        occurred_at=NOW,
        stripe_event_id="evt_1",
        stripe_type=stripe_type,
        created_at=NOW,
        object_id="it",
        object={"id": "it", **facts},
    )

    assert subject_of(event) == subject


def ours(**facts: object) -> OurCharge:
    charge = OurCharge(
        charge_id="chg_1",
        campaign="film",
        payment_intent_id="pi_1",
        status="succeeded",
        amount_cents=5_944,
        currency="usd",
        refunded_cents=0,
    )
    return msgspec.structs.replace(charge, **facts)


def theirs(**facts: object) -> TheirIntent:
    intent = TheirIntent(
        payment_intent_id="pi_1",
        charge_id="chg_1",
        campaign="film",
        status="succeeded",
        amount_cents=5_944,
        currency="usd",
        refunded_cents=0,
        is_disputed=False,
    )
    return msgspec.structs.replace(intent, **facts)


@pytest.mark.parametrize(
    ("mine", "at_stripe", "kinds"),
    [
        pytest.param([ours()], [theirs()], [], id="agree"),
        pytest.param([ours()], [], ["missing_at_stripe"], id="ours without theirs"),
        pytest.param([], [theirs()], ["missing_here"], id="theirs without ours"),
        pytest.param([], [theirs(status="canceled")], [], id="theirs that came to nothing"),
        pytest.param([ours(status="new", payment_intent_id=None)], [], [], id="not begun"),
        pytest.param([ours()], [theirs(amount_cents=1)], ["other_sum"], id="another sum"),
        pytest.param([ours()], [theirs(currency="eur")], ["other_sum"], id="another currency"),
        pytest.param([ours(status="declined")], [theirs()], ["other_status"], id="paid there"),
        pytest.param([ours()], [theirs(status="canceled")], ["other_status"], id="paid here"),
        pytest.param([ours()], [theirs(refunded_cents=5)], ["other_refunds"], id="refunded there"),
        pytest.param(
            [ours(status="declined")],
            [theirs(status="requires_payment_method")],
            [],
            id="both unpaid",
        ),
    ],
)
def test_what_is_a_break(
    mine: list[OurCharge], at_stripe: list[TheirIntent], kinds: list[str]
) -> None:
    assert [each.kind for each in breaks(mine, at_stripe)] == kinds


def test_what_moved_while_we_looked_is_no_break() -> None:
    def found(ours: str) -> Break:
        return Break(
            kind="other_status", subject="chg_1", campaign_slug="film", ours=ours, theirs="s"
        )

    assert confirmed([found("sending")], [found("succeeded")]) == []
    assert confirmed([found("sending")], [found("sending")]) == [found("sending")]
