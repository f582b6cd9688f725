"""A pledge changes before its deadline: proposed, priced by checkout, committed whole or not."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contracts.api.pledges import PledgeRecord
from contracts.campaign import Tier
from contracts.events.pledges import PledgeModified, RevisionAbandoned, TotalsChanged
from contracts.ids import CampaignSlug, PledgeId
from contracts.money import Cents
from contracts.pricing import Address, TaxDetails
from contracts.quoting import RevisionRefused
from contracts.refusals import NotYours, Refusal, StateRefused, Unavailable
from services.pledges.domain.bodies import AddOnWanted, ItemWanted, ModifyRequest, TierWanted
from services.pledges.steps.modify_pledge import modify_pledge
from services.pledges.steps.preview_change import preview_change
from tests.pledges.builders import SLUG, a_definition, an_order, first_pledge, paid, published
from tests.pledges.ledger import Ledger
from tests.pledges.till import Till

CREDIT = "producer-credit"
OTHER = CampaignSlug("one-roll")
POSTER = Tier(tier_id="poster", name="Poster", price_cents=Cents(3_000), category="physical")


def a_film(slug: str = SLUG, **facts: Any) -> Any:
    """Return a campaign with a stackable credit and a poster."""
    credit = Tier(
        tier_id=CREDIT, name="Producer credit", price_cents=Cents(1_000), is_stackable=True
    )
    return msgspec.structs.replace(a_definition(slug, **facts), tiers=(credit, POSTER))


async def opened(ledger: Ledger, *slugs: str, **facts: Any) -> Till:
    """Publish campaigns; return the till that sells them."""
    films = [a_film(slug, **facts) for slug in slugs or (SLUG,)]
    await ledger.hear(*(published(each) for each in films))
    return Till(*films)


async def change(
    ledger: Ledger, till: Till, pledge_id: PledgeId, *, key: str | None = None, **wanted: Any
) -> PledgeRecord:
    """Change a pledge as the holder of its link."""
    asked = ModifyRequest(token="t", **wanted)
    return await modify_pledge(ledger.pool, till.bus, await ledger.link(pledge_id), asked, key=key)


def tiers(**wanted: int) -> list[TierWanted]:
    return [TierWanted(id=name.replace("_", "-"), qty=qty) for name, qty in wanted.items()]


async def states(ledger: Ledger) -> list[str]:
    rows = await ledger.pool.fetch("SELECT state FROM proposals ORDER BY revision, proposal")
    return [row["state"] for row in rows]


async def test_a_change_is_a_line_of_history_with_its_deltas(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order, an_order())

    record = await change(
        ledger, till, first_pledge(order), add_tiers=tiers(producer_credit=3), tip_percent=10
    )
    stats = await ledger.stats()
    (told,) = await ledger.told(PledgeModified)

    assert (record.subtotal, record.tip_amount, record.tax, record.amount) == (
        *(6_000, 600, 473),
        7_073,
    )
    assert (record.revision, record.tier_qty, record.tip_percent) == (2, 3, 10)
    line = record.history[1]
    assert (line["type"], line["subtotalDelta"], line["tierQty"]) == ("modified", 1_000, 3)
    assert line["amountDelta"] == 7_073 - 5_944
    assert (stats.pledged_amount, stats.pledge_count, stats.supporter_count) == (11_000, 2, 2)
    assert stats.tier_counts == {CREDIT: 5}
    assert (told.pledge.revision, told.proposal, told.previous.total_cents) == (2, 1, 5_944)
    assert await states(ledger) == ["committed"]
    await ledger.assert_in_sync()


async def test_everything_can_be_changed_and_what_is_not_named_stays(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    pledge_id = first_pledge(order)

    bigger = await change(ledger, till, pledge_id, custom_amount=Decimal("20.25"))
    other = await change(ledger, till, pledge_id, new_tier_id="poster")
    less = await change(
        ledger,
        till,
        pledge_id,
        support_items=[ItemWanted(id="location-scouting", amount=Decimal(0))],
    )
    bare = await change(ledger, till, pledge_id, add_tiers=[])

    assert (bigger.custom_amount, bigger.tier_id, bigger.tier_qty) == (20.25, CREDIT, 2)
    assert (other.tier_id, other.tier_qty, other.custom_amount) == ("poster", 1, 20.25)
    assert (less.support_items, less.tier_id) == ((), "poster")
    assert (bare.tier_id, bare.subtotal, bare.tip_percent) == (None, 2_025, 5)
    assert (bare.shipping_address, bare.revision) == (order.shipping_address, 5)
    await ledger.assert_in_sync()


async def test_what_stays_keeps_its_price_and_what_is_added_costs_todays(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    dearer = msgspec.structs.replace(
        a_film(version=2),
        tiers=(
            Tier(
                tier_id=CREDIT, name="Producer credit", price_cents=Cents(1_500), is_stackable=True
            ),
        ),
    )
    till.definitions[SLUG] = dearer

    record = await change(ledger, till, first_pledge(order), add_tiers=tiers(producer_credit=3))
    again = await change(ledger, till, first_pledge(order), tip_percent=0)

    assert [(each.quantity, each.unit_amount) for each in record.lines if each.kind == "tier"] == [
        (2, 1_000),
        (1, 1_500),
    ]
    assert (record.tier_qty, again.tier_qty) == (3, 3)
    await ledger.assert_in_sync()


async def test_the_tip_of_a_checkout_changes_in_all_its_pledges_at_once(ledger: Ledger) -> None:
    till = await opened(ledger, SLUG, OTHER)
    order = an_order(SLUG, OTHER)
    await ledger.hear(order)
    own, linked = (each.pledge_id for each in order.pledges)

    await change(ledger, till, own, tip_percent=15, expected_linked={linked: 6_444})

    pledges = [await ledger.pledge(own), await ledger.pledge(linked)]
    assert [(each.revision, each.price.tip_cents) for each in pledges] == [(2, 750), (2, 750)]
    assert len(await ledger.told(PledgeModified)) == 2
    assert [each.expected_cents for each in till.asked] == [None, 6_444]
    await ledger.assert_in_sync()


async def test_when_one_pledge_of_a_checkout_cannot_change_none_does(ledger: Ledger) -> None:
    till = await opened(ledger, SLUG, OTHER)
    order = an_order(SLUG, OTHER)
    await ledger.hear(order)
    own, linked = (each.pledge_id for each in order.pledges)

    async def cancel_the_other() -> None:
        await ledger.cancel(linked)

    till.meanwhile = cancel_the_other
    with pytest.raises(StateRefused, match="pledge_cancelled"):
        await change(ledger, till, own, tip_percent=15)

    assert (await ledger.pledge(own)).price.tip_percent == 5
    assert await states(ledger) == ["abandoned", "abandoned"]
    await ledger.assert_in_sync()
    # What cannot change any more is not asked for again.
    assert (await change(ledger, till, own, tip_percent=15)).tip_percent == 15
    assert (await ledger.pledge(linked)).price.tip_percent == 5


async def test_a_linked_pledge_past_its_deadline_keeps_its_tip(ledger: Ledger) -> None:
    till = await opened(ledger, SLUG, OTHER)
    order = an_order(SLUG, OTHER)
    await ledger.hear(order)
    own, linked = (each.pledge_id for each in order.pledges)
    await ledger.owner.execute(
        "UPDATE pledges.campaign_state SET deadline_at = platform.now() WHERE campaign = $1", OTHER
    )

    await change(ledger, till, own, tip_percent=0)

    assert (await ledger.pledge(own)).price.tip_percent == 0
    assert (await ledger.pledge(linked)).price.tip_percent == 5


async def test_the_second_tab_is_told_that_the_pledge_has_changed(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    pledge_id = first_pledge(order)
    await change(ledger, till, pledge_id, tip_percent=0, revision=1)

    with pytest.raises(StateRefused, match="conflict") as caught:
        await change(ledger, till, pledge_id, tip_percent=15, revision=1)

    assert caught.value.extra == {"revision": 2}
    assert (await ledger.pledge(pledge_id)).price.tip_percent == 0


async def test_of_two_changes_at_once_one_is_made_and_nothing_stays_proposed(
    ledger: Ledger,
) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    pledge_id = first_pledge(order)

    answers = await asyncio.gather(
        *(change(ledger, till, pledge_id, tip_percent=each, revision=1) for each in range(5)),
        return_exceptions=True,
    )

    made = [each for each in answers if isinstance(each, PledgeRecord)]
    assert len(made) == 1
    assert {str(each) for each in answers if isinstance(each, Exception)} == {"conflict"}
    ended = await states(ledger)
    # Who came after the first was made is told at once, and has proposed nothing.
    assert ended.count("committed") == 1
    assert set(ended) <= {"abandoned", "committed"}
    assert (await ledger.pledge(pledge_id)).revision == 2
    await ledger.assert_in_sync()


async def test_the_same_key_changes_once_and_answers_alike(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    pledge_id = first_pledge(order)

    first = await change(ledger, till, pledge_id, key="k", tip_percent=0, revision=1)
    second = await change(ledger, till, pledge_id, key="k", tip_percent=0, revision=1)

    assert second == first
    assert len(till.asked) == 1
    with pytest.raises(StateRefused, match="conflict"):
        await change(ledger, till, pledge_id, key="k", tip_percent=1, revision=1)


async def test_without_checkout_nothing_changes_and_cancelling_works(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    till.is_away = True

    with pytest.raises(Unavailable, match="changes_away"):
        await change(ledger, till, first_pledge(order), tip_percent=0)

    assert (await ledger.pledge(first_pledge(order))).revision == 1
    assert (await ledger.cancel(first_pledge(order))).pledge_status == "cancelled"
    await ledger.tick()
    (over,) = await ledger.told(RevisionAbandoned)
    assert (over.revision, over.proposal, over.reason) == (2, 1, "timed_out")


async def test_what_checkout_refuses_is_handed_on_as_it_is(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    till.refuses = RevisionRefused(
        status=409, reason="sold_out", message="Gone.", extra={"tierId": CREDIT, "remaining": 1}
    )

    with pytest.raises(Refusal, match="sold_out") as caught:
        await change(ledger, till, first_pledge(order), add_tiers=tiers(producer_credit=3))
    await ledger.tick()

    assert (caught.value.status, caught.value.extra) == (409, {"tierId": CREDIT, "remaining": 1})
    (over,) = await ledger.told(RevisionAbandoned)
    assert over.reason == "refused"
    assert len(await ledger.told(TotalsChanged)) == 1


async def test_a_close_ends_what_is_proposed_and_charges_what_was_pledged(ledger: Ledger) -> None:
    till = await opened(ledger, goal_cents=5_000)
    order = an_order()
    await ledger.hear(order)

    async def close() -> None:
        assert await ledger.end([order]) == "closed"

    till.meanwhile = close
    with pytest.raises(StateRefused, match="deadline_passed"):
        await change(ledger, till, first_pledge(order), tip_percent=0)
    await ledger.tick()

    (over,) = await ledger.told(RevisionAbandoned)
    asked = await ledger.pool.fetchval("SELECT amount_cents FROM charge_requests")
    assert (over.reason, asked) == ("closed", 5_944)
    await ledger.assert_in_sync()


async def test_a_proposal_whose_process_died_is_ended_after_two_minutes(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)

    async def die() -> None:
        raise RuntimeError("the process is gone")

    till.meanwhile = die
    with pytest.raises(RuntimeError):
        await change(ledger, till, first_pledge(order), tip_percent=0)
    await ledger.tick()
    before = await states(ledger)
    await ledger.owner.execute(
        "UPDATE pledges.proposals SET proposed_at = proposed_at - interval '121s'"
    )
    await ledger.tick()

    (over,) = await ledger.told(RevisionAbandoned)
    assert (before, await states(ledger), over.reason) == (
        ["proposed"],
        ["abandoned"],
        "timed_out",
    )
    # The next try of the same revision has a number of its own.
    assert (await change(ledger, till, first_pledge(order), tip_percent=0)).revision == 2
    assert [each.proposal for each in till.asked] == [1, 2]


async def test_what_is_decided_cannot_be_changed(ledger: Ledger) -> None:
    till = await opened(ledger, goal_cents=5_000)
    order, gone = an_order(), an_order()
    await ledger.hear(order, gone)
    await ledger.cancel(first_pledge(gone))

    with pytest.raises(StateRefused, match="pledge_cancelled"):
        await change(ledger, till, first_pledge(gone), tip_percent=0)
    await ledger.advance(days=10, seconds=1)
    with pytest.raises(StateRefused, match="deadline_passed"):
        await change(ledger, till, first_pledge(order), tip_percent=0)
    await ledger.end([order, gone])
    await ledger.hear(paid(order.email))
    with pytest.raises(StateRefused, match="pledge_charged"):
        await change(ledger, till, first_pledge(order), tip_percent=0)

    assert till.asked == []
    await ledger.assert_in_sync()


async def test_what_changes_nothing_or_makes_no_sense_is_refused(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    await ledger.hear(order)
    pledge_id = first_pledge(order)
    faults: dict[str, dict[str, Any]] = {
        "nothing_changed": {"add_tiers": tiers(producer_credit=2), "tip_percent": 5},
        "invalid_tip": {"tip_percent": 16},
        "invalid_amount": {"custom_amount": Decimal("1.005")},
        "unknown_item": {"add_tiers": tiers(nothing_of_ours=1)},
        "not_stackable": {"add_tiers": [TierWanted(id="poster", qty=2)]},
    }

    for reason, wanted in faults.items():
        with pytest.raises(Refusal) as caught:
            await change(ledger, till, pledge_id, **wanted)
        assert caught.value.status == 400
        if reason in ("nothing_changed", "invalid_tip", "invalid_amount"):
            assert caught.value.reason == reason
    with pytest.raises(NotYours):
        await change(ledger, till, pledge_id, order_id="pool-intent-other", tip_percent=0)
    with pytest.raises(Refusal, match="unknown_item"):
        await change(ledger, till, pledge_id, bundle_add_ons=[AddOnWanted(product_id="none")])

    assert (await ledger.pledge(pledge_id)).revision == 1


async def test_tax_stays_where_it_was_and_postage_follows_a_new_address(ledger: Ledger) -> None:
    till = await opened(ledger)
    order = an_order()
    details = TaxDetails(
        provider="table",
        source="tax_table:US-NM",
        rate="0.05",
        rate_version="1",
        jurisdiction="US-NM",
        taxable_subtotal_cents=Cents(5_000),
    )
    priced = order.pledges[0]
    price = msgspec.structs.replace(priced.price, tax_details=details)
    await ledger.hear(
        msgspec.structs.replace(
            order, pledges=(msgspec.structs.replace(priced, price=price),), shipping_address=None
        )
    )
    new = Address(name="Noor", address1="Calle 1", postal_code="28001", country="ES")

    await change(ledger, till, first_pledge(order), tip_percent=0, shipping_address=new)

    (asked,) = till.asked
    assert (asked.billing_address, asked.shipping_address) == (None, new)
    assert (await ledger.pledge(first_pledge(order))).shipping_address == new
    other = an_order()
    await ledger.hear(
        msgspec.structs.replace(
            other,
            pledges=(
                msgspec.structs.replace(
                    other.pledges[0],
                    price=msgspec.structs.replace(other.pledges[0].price, tax_details=details),
                ),
            ),
        )
    )
    await change(ledger, till, first_pledge(other), tip_percent=0)
    assert till.asked[-1].billing_address == Address(country="US", province="NM")


async def test_a_preview_says_what_it_would_cost_and_leaves_no_trace(ledger: Ledger) -> None:
    till = await opened(ledger, SLUG, OTHER)
    order = an_order(SLUG, OTHER)
    await ledger.hear(order)
    own, linked = (each.pledge_id for each in order.pledges)
    asked = ModifyRequest(token="t", add_tiers=tiers(producer_credit=3), tip_percent=10)

    shown = await preview_change(ledger.pool, till.bus, await ledger.link(own), asked)

    assert (shown.totals.amount, shown.previous.amount, shown.revision) == (7_073, 5_944, 1)
    assert [(each.order_id, each.previous_amount, each.amount) for each in shown.linked] == [
        (linked, 5_944, 6_194)
    ]
    assert [each.is_held for each in till.asked] == [False, False]
    assert await ledger.count("proposals") == 0
    assert (await ledger.pledge(own)).revision == 1
