"""What the pages say in each stage: groups, rewards, sentences, sums."""

from datetime import timedelta

import msgspec
import pytest

from contracts.campaign import AddOn, SupportItem
from contracts.ids import CampaignSlug
from contracts.live import LiveTier
from contracts.money import Cents
from services.site.public.language import Language
from services.site.public.lists import home_page
from services.site.public.pages import campaign_page, result_page
from services.site.public.state import CampaignState, PhaseContent
from services.site.public.views import TierCard
from tests.site.stages import AFTER, BEFORE, DEADLINE, FUNDED, LIVE, NOT_FUNDED, STATE, campaign


def card(state: CampaignState, tier_id: str, *, now: object = LIVE) -> TierCard:
    page = campaign_page(state, now=now, language="en")  # type: ignore[arg-type]
    return next(tier for tier in page.tiers if tier.tier_id == tier_id)


def named(slug: str, **changes: object) -> CampaignState:
    definition = msgspec.structs.replace(STATE.definition, slug=CampaignSlug(slug), **changes)
    return campaign(definition=definition)


def test_the_deadline_instant_itself_is_closing() -> None:
    assert STATE.stage_at(DEADLINE - timedelta(microseconds=1)) == "live"
    assert STATE.stage_at(DEADLINE) == "closing"
    assert FUNDED.stage_at(AFTER) == "funded"
    assert NOT_FUNDED.stage_at(AFTER) == "not_funded"


def test_home_leads_with_the_campaign_that_closes_first() -> None:
    sooner = named("sooner", deadline_at=DEADLINE - timedelta(days=2))
    page = home_page([STATE, sooner], now=LIVE, language="en")

    assert page.lead is not None
    assert page.lead.slug == "sooner"
    assert [each.slug for each in page.live] == ["the-long-take"]


def test_home_keeps_test_campaigns_to_itself_and_says_when_nothing_is_live() -> None:
    hidden = named("hidden", is_test_only=True)
    page = home_page([hidden], now=LIVE, language="en")

    assert (page.lead, page.live, page.upcoming, page.closed) == (None, (), (), ())
    assert page.empty_text


def test_closed_campaigns_say_what_became_of_them() -> None:
    page = home_page([FUNDED, NOT_FUNDED], now=AFTER, language="en")

    assert {(each.status, each.note) for each in page.closed} == {
        ("Funded", "312 people made it happen"),
        ("Not funded", "Nobody was charged"),
    }


def test_rewards_begin_with_the_featured_one_then_rise_in_price() -> None:
    page = campaign_page(STATE, now=LIVE, language="en")

    assert [tier.tier_id for tier in page.tiers] == ["premiere", "credit", "print", "producer"]
    assert [tier.is_featured for tier in page.tiers] == [True, False, False, False]


def test_a_live_reward_can_be_pledged() -> None:
    tier = card(STATE, "premiere")

    assert (tier.state, tier.button, tier.is_enabled) == ("available", "Pledge $35", True)
    assert tier.item_id == "the-long-take__premiere"
    assert tier.quantity_max == 1
    assert card(STATE, "credit").quantity_max == 99


def test_the_last_tenth_is_told_in_lamp() -> None:
    facts = card(STATE, "print").facts

    assert [(fact.text, fact.tone) for fact in facts] == [
        ("Posted to you", "plain"),
        ("7 of 100 left", "lamp"),
    ]


def test_a_reward_without_stock_is_sold_out() -> None:
    gone = LiveTier(limit=100, claimed=100, reserved=0, remaining=0)
    tier = card(campaign(stock={"print": gone}), "print")

    assert (tier.state, tier.button, tier.is_enabled) == ("sold_out", "Sold out", False)
    assert tier.facts[1].text == "All 100 taken"


def test_a_limit_nobody_reported_yet_is_untouched() -> None:
    assert card(campaign(stock={}), "print").facts[1].text == "100 of 100 left"


@pytest.mark.parametrize(
    ("pledged", "state", "button"),
    [
        pytest.param(3_199_999, "locked", "Opens at $32,000", id="a cent short"),
        pytest.param(3_200_000, "opened", "Pledge $500", id="the mark itself"),
    ],
)
def test_a_gate_opens_at_its_mark(pledged: int, state: str, button: str) -> None:
    tier = card(campaign(pledged_cents=pledged), "producer")

    assert (tier.state, tier.button) == (state, button)


@pytest.mark.parametrize(
    ("state", "now", "button"),
    [
        pytest.param(STATE, BEFORE, "Opens Tuesday, November 3", id="upcoming"),
        pytest.param(STATE, AFTER, "Being counted", id="closing"),
        pytest.param(FUNDED, AFTER, "Campaign closed", id="funded"),
        pytest.param(NOT_FUNDED, AFTER, "Campaign closed", id="not funded"),
    ],
)
def test_nothing_can_be_pledged_outside_the_live_time(
    state: CampaignState, now: object, button: str
) -> None:
    page = campaign_page(state, now=now, language="en")  # type: ignore[arg-type]

    assert {tier.button for tier in page.tiers} == {button}
    assert not any(tier.is_enabled for tier in page.tiers)
    assert not page.takes_custom_support
    assert not any(line.is_open for part in page.budget for line in part.lines)


def test_the_promise_names_film_goal_and_last_day() -> None:
    page = campaign_page(STATE, now=LIVE, language="en")

    assert page.promise == (
        "Your card is saved, not charged. You pay only if The Long Take reaches $25,000"
        " by December 13."
    )
    assert page.pledged_by == "pledged of $25,000 by 312 people"


def test_the_countdown_ends_with_the_live_time() -> None:
    live = campaign_page(STATE, now=LIVE, language="en").countdown
    upcoming = campaign_page(STATE, now=BEFORE, language="en").countdown

    assert live is not None
    assert (live.words, live.date) == ("9 days 4 hours", "Sunday, December 13")
    assert upcoming is not None
    assert upcoming.sentence == "Opens in 2 days 6 hours"
    assert campaign_page(STATE, now=AFTER, language="en").countdown is None


@pytest.mark.parametrize(
    ("language", "label", "line"),
    [
        ("en", "Given back", "Collected, recovering, lost and given back add up"),
        ("es", "Devuelto", "Cobrado, por recuperar, perdido y devuelto suman"),
    ],
)
def test_what_was_given_back_is_a_sum_of_its_own_and_all_of_them_add_up(
    language: Language, label: str, line: str
) -> None:
    refunded = msgspec.structs.replace(FUNDED, collected_cents=2_000_000, returned_cents=700_000)

    page = campaign_page(refunded, now=AFTER, language=language)

    assert [each.label for each in page.sums if each.kind == "returned"] == [label]
    assert page.sums_line.startswith(line)
    kept = campaign_page(FUNDED, now=AFTER, language=language)
    assert all(each.kind != "returned" for each in kept.sums)


def test_a_campaign_that_was_ended_early_says_so_and_names_no_deadline() -> None:
    ended = campaign(is_cancelled=True)

    page = campaign_page(ended, now=LIVE, language="en")

    assert ended.stage_at(LIVE) == "cancelled"
    assert page.status is not None
    assert "ended early" in page.status.title
    assert page.closed_line == ""
    assert page.sums == ()


def test_the_four_sums_appear_once_charging_has_begun() -> None:
    sums = campaign_page(FUNDED, now=AFTER, language="en").sums
    amounts = {each.kind: each.amount for each in sums}

    assert amounts == {
        "collected": "$27,000",
        "recovering": "$850",
        "lost": "$150",
        "pledged": "$28,000",
    }
    halfway = msgspec.structs.replace(FUNDED, collected_cents=1_000_000)
    line = campaign_page(halfway, now=AFTER, language="en").sums_line
    assert line == "$17,000 more is being charged now."
    uncharged = msgspec.structs.replace(FUNDED, collected_cents=0, recovering_cents=0, lost_cents=0)
    assert campaign_page(uncharged, now=AFTER, language="en").sums == ()


def test_nobody_was_charged_is_said_on_the_page_of_a_missed_goal() -> None:
    status = campaign_page(NOT_FUNDED, now=AFTER, language="es").status

    assert status is not None
    assert status.title == "La película no alcanzó su meta. No se cobró a nadie."


def test_support_for_a_part_of_the_budget_stops_when_it_is_paid_for() -> None:
    (part,) = campaign_page(STATE, now=LIVE, language="en").budget
    (line,) = part.lines
    assert (line.pledged, line.target, line.rest) == ("$3,280", "$6,500", "$3,220")
    assert line.is_open

    full = campaign(support_item_cents={"lab": 700_000})
    (part,) = campaign_page(full, now=LIVE, language="en").budget
    assert [(line.filled, line.is_open, line.is_full) for line in part.lines] == [
        ("100.00%", False, True)
    ]


def test_phases_gather_their_parts_of_the_budget() -> None:
    items = tuple(
        SupportItem(item_id=name, label=name, target_cents=Cents(cents))
        for name, cents in (("lab", 10_000), ("crew", 20_000), ("soup", 5_000))
    )
    phases = (PhaseContent(name="The shoot", item_ids=("crew", "soup")),)
    state = campaign(
        definition=msgspec.structs.replace(STATE.definition, support_items=items),
        content=msgspec.structs.replace(STATE.content, phases=phases),
        support_item_cents={"crew": 5_000, "soup": 5_000},
    )

    alone, shoot = campaign_page(state, now=LIVE, language="en").budget

    assert (alone.name, [line.label for line in alone.lines]) == ("", ["lab"])
    assert (shoot.name, shoot.pledged, shoot.target) == ("The shoot", "$100", "$250")
    assert [line.label for line in shoot.lines] == ["crew", "soup"]


def test_add_ons_are_offered_while_the_film_is_live() -> None:
    pin = AddOn(product_id="pin", name="A pin", price_cents=Cents(900), inventory=40)
    state = campaign(
        definition=msgspec.structs.replace(STATE.definition, add_ons=(pin,)),
        add_on_left={"addon__pin": 3},
    )

    (card,) = campaign_page(state, now=LIVE, language="en").add_ons

    assert (card.name, card.price, card.stock and card.stock.text) == ("A pin", "$9", "3 left")
    assert campaign_page(state, now=AFTER, language="en").add_ons == ()


def test_the_diary_is_newest_first_and_votes_say_until_when() -> None:
    page = campaign_page(STATE, now=LIVE, language="en")

    first, *rest = page.diary
    assert [entry.entry_id for entry in first.entries] == ["horn", "permit"]
    assert first.is_open
    assert not any(phase.entries or phase.is_open for phase in rest)
    assert [(vote.is_open, vote.when) for vote in page.votes] == [(True, "open until December 10")]
    later = campaign_page(STATE, now=DEADLINE - timedelta(days=1), language="en")
    assert [vote.is_open for vote in later.votes] == [False]


def test_the_page_after_the_card_step_knows_whether_there_is_a_way_back() -> None:
    assert result_page(STATE, now=LIVE, language="en").is_open
    assert not result_page(STATE, now=AFTER, language="en").is_open
    saved = result_page(STATE, now=LIVE, language="es", order_status="completed", order_id="x")
    assert saved.is_saved
    assert saved.success_url == "/es/campaigns/the-long-take/pledge-success/?order=x"
