"""Whatever happens in whatever order, history, pledges and totals agree, and so does a model."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.events.checkout import CheckoutCompleted
from contracts.events.pledges import CampaignClosed, ChargeRequested, PledgesReleased
from contracts.ids import CampaignSlug, PledgeId
from contracts.refusals import StateRefused
from services.chassis.storage.database import open_pool
from tests.pledges.builders import (
    AMOUNT,
    DEADLINE,
    SUBTOTAL,
    again,
    an_order,
    deadline_passed,
    declined,
    drained,
    paid,
)
from tests.pledges.conftest import empty
from tests.pledges.figures import assert_adds_up
from tests.pledges.ledger import Ledger
from tests.support.stack import Database

SLUGS = [CampaignSlug("one-roll"), CampaignSlug("forty-chairs")]
EMAILS = [f"{name}@halfmoon.example" for name in ("noor", "ines", "teo", "NOOR")]
GOAL = 3 * SUBTOTAL


class LedgerMachine(RuleBasedStateMachine):
    """People pledge, cancel and are charged; copies and late news arrive; campaigns close."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.ledger = self.do(self.start())
        self.orders: list[CheckoutCompleted] = []
        self.status: dict[PledgeId, str] = {}
        self.ended: set[CampaignSlug] = set()
        self.closed: set[CampaignSlug] = set()
        self.ends = 0
        self.charge_numbers: Counter[str] = Counter()

    def do(self, work: Any) -> Any:
        """Run a coroutine to its end."""
        return self.runner.run(work)

    async def start(self) -> Ledger:
        """Begin with two campaigns and nothing else."""
        owner = await asyncpg.connect(self.database.owner_url)
        await empty(owner)
        pool = await open_pool(self.database.url("pledges"), schema="pledges", size_max=2)
        ledger = Ledger(pool=pool, owner=owner)
        for slug in SLUGS:
            await ledger.open(slug, goal_cents=GOAL)
        return ledger

    @rule(email=st.sampled_from(EMAILS), slugs=st.sampled_from([SLUGS, SLUGS[:1], SLUGS[1:]]))
    def pledge(self, email: str, slugs: list[CampaignSlug]) -> None:
        order = an_order(*slugs, email=email)
        self.orders.append(order)
        self.do(self.ledger.hear(order))
        for priced in order.pledges:
            if priced.campaign not in self.closed:
                self.status[priced.pledge_id] = "active"

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), is_copy=st.booleans())
    def hear_an_order_again(self, data: st.DataObject, is_copy: bool) -> None:
        order = data.draw(st.sampled_from(self.orders))
        self.do(self.ledger.hear(again(order) if is_copy else order))

    @precondition(lambda self: self.status)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        pledge = data.draw(st.sampled_from(sorted(self.status)))
        is_open = self.campaign_of(pledge) not in self.ended
        try:
            self.do(self.ledger.cancel(pledge))
        except StateRefused:
            assert self.status[pledge] != "active" or not is_open
        else:
            assert self.status[pledge] == "active"
            assert is_open
            self.status[pledge] = "cancelled"

    @rule(slug=st.sampled_from(SLUGS), is_complete=st.booleans())
    def end(self, slug: CampaignSlug, is_complete: bool) -> None:
        """Checkout counts what we have heard, or an order more that is on its way."""
        if slug in self.closed:
            return
        counted = [order for order in self.orders if slug in campaigns_of(order)]
        if not is_complete:
            counted.append(an_order(slug))
        self.ends += 1
        said_at = DEADLINE + timedelta(seconds=self.ends)
        self.do(self.ledger.hear(deadline_passed(slug), drained(counted, slug, at=said_at)))
        outcome = self.do(self.ledger.close(slug))
        self.do(self.ledger.tick())
        assert outcome == ("closed" if is_complete else "waiting")
        self.ended.add(slug)
        if is_complete:
            self.closed.add(slug)
            self.release(slug)

    def release(self, slug: CampaignSlug) -> None:
        """Let everybody go whose campaign was not funded."""
        if self.pledged(slug) < GOAL:
            for pledge, status in self.status.items():
                if self.campaign_of(pledge) == slug and status == "active":
                    self.status[pledge] = "released"

    @precondition(lambda self: self.closed)
    @rule(data=st.data(), is_paid=st.booleans(), times=st.integers(1, 2))
    def charge(self, data: st.DataObject, is_paid: bool, times: int) -> None:
        requests = self.do(self.ledger.told(ChargeRequested))
        if not requests:
            return
        request = data.draw(st.sampled_from(requests))
        email = next(
            each.email for each in self.orders if each.supporter_id == request.supporter_id
        )
        charge = f"{request.campaign}:{request.supporter_id}"
        facts = {"amount": request.amount_cents, "campaign": request.campaign, "charge": charge}
        if is_paid:
            news = [paid(email, **facts)] * times
        else:
            self.charge_numbers[charge] += 1
            news = [declined(email, attempt=self.charge_numbers[charge], **facts)] * times
        self.do(self.ledger.hear(*news))
        for pledge in request.pledge_ids:
            if is_paid:
                self.status[pledge] = "charged"
            elif self.status[pledge] == "active":
                self.status[pledge] = "payment_failed"

    @invariant()
    def the_three_sums_agree(self) -> None:
        self.do(self.ledger.assert_in_sync())

    @invariant()
    def the_figures_are_the_models(self) -> None:
        for slug in SLUGS:
            stats = self.do(self.ledger.stats(slug))
            statuses = self.statuses(slug)
            assert stats.pledged_amount == self.pledged(slug)
            assert stats.collected_amount == SUBTOTAL * statuses["charged"]
            assert stats.recovering_amount == SUBTOTAL * statuses["payment_failed"]

    @invariant()
    def whoever_must_pay_was_asked_once_and_nobody_else(self) -> None:
        requests = self.do(self.ledger.told(ChargeRequested))
        asked = [pledge for each in requests for pledge in each.pledge_ids]
        assert len(asked) == len(set(asked))
        assert sum(each.amount_cents for each in requests) == AMOUNT * len(asked)
        assert not any(self.status[pledge] in ("cancelled", "released") for pledge in asked)
        for each in self.do(self.ledger.told(CampaignClosed)):
            assert each.is_funded == (each.pledged_cents >= GOAL)
        told = self.do(self.ledger.told(PledgesReleased))
        released = [pledge for each in told for pledge in each.notice.pledge_ids]
        assert sorted(released) == sorted(
            pledge for pledge, status in self.status.items() if status == "released"
        )

    @invariant()
    def what_operators_are_shown_adds_up_to_the_ledger(self) -> None:
        for slug in SLUGS:
            shown, stats = self.do(self.ledger.analytics(slug)), self.do(self.ledger.stats(slug))
            assert_adds_up(shown, stats)
            statuses = self.statuses(slug)
            assert shown.figures.made == statuses.total()
            assert shown.figures.charged.pledges == statuses["charged"]
            assert shown.figures.failed == AMOUNT * statuses["payment_failed"]

    def statuses(self, slug: CampaignSlug) -> Counter[str]:
        """Return how many pledges of a campaign are in each status."""
        return Counter(
            status for pledge, status in self.status.items() if self.campaign_of(pledge) == slug
        )

    def pledged(self, slug: CampaignSlug) -> int:
        """Return what the model says is pledged."""
        statuses = self.statuses(slug)
        return SUBTOTAL * (statuses.total() - statuses["cancelled"])

    def campaign_of(self, pledge: PledgeId) -> CampaignSlug:
        """Return the campaign of a pledge in the model."""
        return next(
            priced.campaign
            for order in self.orders
            for priced in order.pledges
            if priced.pledge_id == pledge
        )

    def teardown(self) -> None:
        """Give the connections back."""
        self.do(self.ledger.owner.close())
        self.do(self.ledger.pool.close())
        self.runner.close()


def campaigns_of(order: CheckoutCompleted) -> set[CampaignSlug]:
    """Return the campaigns an order is for."""
    return {priced.campaign for priced in order.pledges}


def test_the_three_sums_agree_whatever_happens(migrated: Database) -> None:
    machine = type("Machine", (LedgerMachine,), {"database": migrated})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
