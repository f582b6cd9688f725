"""Another card for a pledge: by its link alone, once, and told to the ledger."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts.api.checkout import CardUpdateStarted
from contracts.events.checkout import CardSaved
from contracts.events.pledges import LinksRenewed
from contracts.ids import CampaignSlug, OrderId, PledgeId
from contracts.magic_link import MagicLink, keyring, sign
from contracts.refusals import LinkRefused, NotFound, NotYours, StateRefused, TooMany, Unavailable
from services.checkout.domain.bodies import CompleteCardBody, StartCardBody
from services.checkout.domain.orders import Order
from services.checkout.domain.stripe_objects import SessionState
from services.checkout.handlers.hear_links import hear_links
from services.checkout.handlers.hear_pledges import hear_cancelled, hear_charged, hear_released
from services.checkout.queries import card_updates
from services.checkout.steps.apply_stripe import Applying
from services.checkout.steps.change_card import complete_update, start_update
from services.checkout.steps.checkout import Checkout
from services.checkout.steps.decide_order import decide_order
from services.checkout.steps.decide_update import decide_update
from services.checkout.steps.detach_cards import detach_cards
from services.checkout.steps.look_after import update_watch
from services.checkout.steps.read_back import read_events_back
from services.checkout.steps.start_checkout import start_checkout
from services.checkout.stripe_gateway import StripeGateway
from tests.checkout.floor import Floor
from tests.checkout.samples import (
    a_cart,
    a_slug,
    an_email,
    an_event_id,
    cancelled,
    charged,
    released,
)
from tests.checkout.sandbox import Sandbox
from tests.checkout.test_guard_cards import fail
from tests.checkout.webhooks import apply_due

SECRET = b"magic-link-secret-of-these-tests-0123456789"
KEYS = keyring(SECRET)
MASTERCARD = "5555555555554444"
HERE = "203.0.113.9"


class Supporter:
    """Who made a pledge, and holds its link."""

    def __init__(self, floor: Floor, checkout: Checkout, sandbox: Sandbox) -> None:
        self.floor = floor
        self.checkout = checkout
        self.sandbox = sandbox
        self.email = an_email()

    async def pledge(self, *slugs: str) -> Order:
        items = [f"{slug}__frame" for slug in slugs]
        return await self.floor.pledged(self.checkout, self.sandbox, *items, email=self.email)

    def token(self, order: Order, number: int = 0, *, key: bytes = SECRET, **changes: Any) -> str:
        pledge = order.pledges[number]
        link = MagicLink(
            pledge_id=pledge.pledge_id,
            email=order.email or "",
            campaign_slug=pledge.campaign,
            exp=int((datetime.now(UTC) + timedelta(days=90)).timestamp()),
        )
        return sign(msgspec.structs.replace(link, **changes), key)

    async def start(self, token: str, **body: Any) -> CardUpdateStarted:
        return await start_update(self.checkout, StartCardBody(token=token, **body), KEYS, HERE)

    async def complete(self, token: str, session_id: str) -> Any:
        body = CompleteCardBody(token=token, session_id=session_id)
        return await complete_update(self.checkout, body, KEYS)

    async def said(self, order: Order) -> list[CardSaved]:
        return await self.floor.said(CardSaved, order.order_id)


@pytest.fixture
def noor(floor: Floor, checkout: Checkout, sandbox: Sandbox) -> Supporter:
    return Supporter(floor, checkout, sandbox)


async def test_a_new_card_is_saved_for_the_same_customer_and_told_once(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    token = noor.token(order)

    started = await noor.start(token)
    session = noor.sandbox.session(started.session_id)
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    answers = [await noor.complete(token, started.session_id) for _ in range(2)]
    (told,) = await noor.said(order)

    first = noor.sandbox.session(order.session_id or "")
    assert session["customer"] == first["customer"]
    assert session["metadata"]["pledgeId"] == order.pledges[0].pledge_id
    assert (started.checkout_ui_mode, started.publishable_key) == ("custom", "pk_test_sandbox")
    assert started.client_secret
    assert answers[0] == answers[1]
    assert (answers[0].card.brand, answers[0].card.last4) == ("mastercard", "4444")
    assert (told.card.last4, told.reason, told.campaign) == (
        "4444",
        "replaced",
        order.pledges[0].campaign,
    )
    assert told.pledge_id == order.pledges[0].pledge_id
    assert noor.sandbox.http.get("/sandbox/payment-intents.json").json() == []


async def test_webhook_browser_and_reconciler_at_once_save_it_once(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    token = noor.token(order)
    started = await noor.start(token)
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    update = await noor.floor.do(card_updates.find_by_session, started.session_id)
    assert update is not None
    pool, stripe = noor.floor.pool, noor.checkout.stripe

    await asyncio.gather(
        noor.complete(token, started.session_id),
        *(decide_update(pool, stripe, update.update_id) for _ in range(4)),
    )

    assert len(await noor.said(order)) == 1


async def test_without_the_browser_the_webhook_is_enough(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    started = await noor.start(noor.token(order))
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    pool, stripe = noor.floor.pool, noor.checkout.stripe

    await read_events_back(pool, stripe, is_live=False)
    await apply_due(Applying(pool, stripe, noor.checkout.limits))

    assert [each.card.last4 for each in await noor.said(order)] == ["4444"]


async def test_without_the_webhook_the_reconciler_is_enough(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    started = await noor.start(noor.token(order))
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()

    await noor.floor.owner.execute("UPDATE card_updates SET look_at = clock_timestamp()")
    await update_watch(noor.floor.pool, noor.checkout.stripe).finish()

    assert [each.card.last4 for each in await noor.said(order)] == ["4444"]


async def test_an_open_session_is_offered_again_and_one_that_ends_soon_is_not(
    noor: Supporter,
) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    token = noor.token(order)

    first, again = await noor.start(token), await noor.start(token)
    hosted = await noor.start(token, checkout_ui_mode="hosted")
    await noor.floor.owner.execute(
        "UPDATE card_updates SET created_at = created_at - interval '16 minutes'"
    )
    fresh = await noor.start(token)

    assert (first.session_id, first.client_secret) == (again.session_id, again.client_secret)
    assert hosted.url
    assert hosted.client_secret is None
    assert len({first.session_id, hosted.session_id, fresh.session_id}) == 3


async def test_a_session_whose_card_is_saved_is_not_offered_again_though_nobody_told_us(
    noor: Supporter,
) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    token = noor.token(order)
    first = await noor.start(token)
    noor.sandbox.save_card(first.session_id, card=MASTERCARD).raise_for_status()

    second = await noor.start(token)

    assert second.session_id != first.session_id
    assert [each.card.last4 for each in await noor.said(order)] == ["4444"]


async def test_both_cards_stay_until_the_pledge_ends(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    token = noor.token(order)
    started = await noor.start(token)
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    await noor.complete(token, started.session_id)
    (told,) = await noor.said(order)
    methods = [await noor.floor.card_of(order), told.card.payment_method_id]

    await detach_cards(noor.floor.pool, noor.checkout.stripe)
    before = [noor.sandbox.payment_method(each)["customer"] for each in methods]
    await noor.floor.do(hear_cancelled, cancelled(order))
    await detach_cards(noor.floor.pool, noor.checkout.stripe)
    after = [noor.sandbox.payment_method(each)["customer"] for each in methods]

    assert None not in before, "a charge under way may still name the card that was replaced"
    assert after == [None, None]


async def test_a_card_saved_after_the_pledge_ended_is_given_up(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    token = noor.token(order)
    started = await noor.start(token)
    await noor.floor.do(hear_cancelled, cancelled(order))
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()

    await noor.complete(token, started.session_id)
    await detach_cards(noor.floor.pool, noor.checkout.stripe)

    assert await noor.said(order) == []
    attached = await noor.floor.owner.fetchval(
        "SELECT count(*) FROM card_detachments WHERE detached_at IS NULL"
    )
    assert attached == 0


@pytest.mark.parametrize(
    ("hear", "said", "reason"),
    [
        pytest.param(hear_cancelled, cancelled, "pledge_cancelled", id="cancelled"),
        pytest.param(hear_charged, charged, "pledge_charged", id="charged"),
        pytest.param(hear_released, released, "pledge_released", id="released"),
    ],
)
async def test_a_pledge_that_is_over_takes_no_other_card(
    noor: Supporter, hear: Any, said: Any, reason: str
) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    await noor.floor.do(hear, said(order))

    with pytest.raises(StateRefused, match=reason):
        await noor.start(noor.token(order))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        pytest.param({"scope": "sign-in"}, LinkRefused, id="another scope"),
        pytest.param({"exp": 1}, LinkRefused, id="expired"),
        pytest.param({"key": b"another key of thirty-two bytes!"}, LinkRefused, id="another key"),
        pytest.param({"gen": 0}, LinkRefused, id="a generation that is over"),
        pytest.param({"email": "ines@halfmoon.example"}, NotYours, id="somebody else's address"),
        pytest.param({"email": "nonsense"}, NotYours, id="no address"),
        pytest.param({"pledge_id": PledgeId("pool-intent-made-up")}, NotFound, id="no such pledge"),
        pytest.param({"pledge_id": PledgeId("x\x00")}, NotFound, id="not an order"),
    ],
)
async def test_a_link_that_is_not_this_pledges_opens_nothing(
    noor: Supporter, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)

    with pytest.raises(refusal):
        await noor.start(noor.token(order, **changes))

    assert await noor.floor.owner.fetchval("SELECT count(*) FROM card_updates") == 0


async def test_a_link_of_another_campaign_opens_nothing(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    other = await noor.floor.publish(slug=a_slug("other"))

    with pytest.raises(NotYours):
        await noor.start(noor.token(order, campaign_slug=CampaignSlug(other.slug)))


async def test_an_order_that_is_not_completed_is_no_pledge(noor: Supporter) -> None:
    film = await noor.floor.publish()
    order = await noor.pledge(film.slug)
    await noor.floor.owner.execute(
        "UPDATE order_campaigns SET state = 'refused', reason = 'closed'"
    )

    with pytest.raises(NotFound):
        await noor.start(noor.token(order))


async def test_each_pledge_of_a_bundle_has_its_own_card(noor: Supporter) -> None:
    slugs = sorted([(await noor.floor.publish(slug=a_slug(name))).slug for name in ("a", "b")])
    order = await noor.pledge(*slugs)
    token = noor.token(order, 1)

    started = await noor.start(token)
    noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    await noor.complete(token, started.session_id)

    (told,) = await noor.said(order)
    assert told.pledge_id == order.pledges[1].pledge_id


async def test_a_new_card_is_of_the_customer_whose_card_is_charged(noor: Supporter) -> None:
    """Who starts without an address has another customer: it is the one that is charged."""
    film = await noor.floor.publish()
    known = await noor.pledge(film.slug)
    # Stripe's time has whole seconds.
    await asyncio.sleep(1.1)
    opened = await start_checkout(noor.checkout, a_cart(f"{film.slug}__frame", email=None), None)
    noor.sandbox.save_card(opened.session_id, noor.email).raise_for_status()
    await decide_order(noor.floor.pool, noor.checkout.stripe, OrderId(opened.order_id))

    started = await noor.start(noor.token(known))

    customers = [
        noor.sandbox.session(each or "")["customer"]
        for each in (known.session_id, opened.session_id, started.session_id)
    ]
    assert customers[0] != customers[1] == customers[2]


async def test_it_says_which_other_cards_the_new_one_replaces_in_the_sum(
    noor: Supporter,
) -> None:
    film = await noor.floor.publish()
    first = await noor.pledge(film.slug)
    await noor.pledge(film.slug)

    started = await noor.start(noor.token(first))

    assert [(each.brand, each.last4, each.pledges) for each in started.other_cards] == [
        ("visa", "4242", 1)
    ]


async def test_a_session_of_another_pledge_completes_nothing(noor: Supporter) -> None:
    film = await noor.floor.publish()
    mine, other = await noor.pledge(film.slug), await noor.pledge(film.slug)
    started = await noor.start(noor.token(other))
    noor.sandbox.save_card(started.session_id).raise_for_status()

    with pytest.raises(NotFound):
        await noor.complete(noor.token(mine), started.session_id)
    with pytest.raises(NotFound):
        await noor.complete(noor.token(mine), "cs_made_up")


async def test_before_the_card_is_saved_it_is_not_complete(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    started = await noor.start(noor.token(order))

    with pytest.raises(StateRefused, match="not_complete"):
        await noor.complete(noor.token(order), started.session_id)


async def test_who_tried_too_many_cards_cannot_try_them_here(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    await fail(noor.floor, noor.checkout, 10, address=HERE)

    with pytest.raises(TooMany, match="too_many_cards"):
        await noor.start(noor.token(order))


async def test_while_stripe_is_away_nothing_is_left_open(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    noor.sandbox.faults(error_rate=1)

    with pytest.raises(Unavailable):
        await noor.start(noor.token(order))
    noor.sandbox.faults(reset=True)

    assert await noor.floor.owner.fetchval("SELECT status FROM card_updates") == "over"
    assert (await noor.start(noor.token(order))).session_id


class GarbledOnce:
    """A Stripe whose first answer about a session is not like any we know."""

    def __init__(self, stripe: StripeGateway) -> None:
        self._stripe = stripe
        self._is_garbled = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stripe, name)

    async def read_session(self, session_id: str) -> SessionState:
        if self._is_garbled:
            self._is_garbled = False
            raise KeyError("created")
        return await self._stripe.read_session(session_id)


async def test_a_session_nobody_can_read_keeps_no_other_card_from_being_saved(
    noor: Supporter,
) -> None:
    orders = [await noor.pledge((await noor.floor.publish()).slug) for _ in range(3)]
    for order in orders:
        started = await noor.start(noor.token(order))
        noor.sandbox.save_card(started.session_id, card=MASTERCARD).raise_for_status()
    stripe = GarbledOnce(noor.checkout.stripe)
    await noor.floor.owner.execute("UPDATE card_updates SET look_at = clock_timestamp()")

    await update_watch(noor.floor.pool, stripe).finish()  # type: ignore[arg-type]

    said = [len(await noor.said(order)) for order in orders]
    assert sorted(said) == [0, 1, 1]


async def test_an_update_whose_process_died_is_given_up(noor: Supporter) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    await noor.start(noor.token(order))
    await noor.floor.owner.execute(
        "UPDATE card_updates SET status = 'opening', session_id = NULL, look_at = now()"
    )

    await update_watch(noor.floor.pool, noor.checkout.stripe).finish()

    assert await noor.floor.owner.fetchval("SELECT status FROM card_updates") == "over"


async def test_a_link_ends_when_a_newer_one_is_sent_in_whatever_order_that_is_heard(
    noor: Supporter,
) -> None:
    order = await noor.pledge((await noor.floor.publish()).slug)
    for generation in (3, 2, 3):
        await noor.floor.do(hear_links, links_renewed(order, generation))

    for old in (1, 2):
        with pytest.raises(LinkRefused):
            await noor.start(noor.token(order, gen=old))
    for valid in (3, 4):
        assert (await noor.start(noor.token(order, gen=valid))).session_id


def links_renewed(order: Order, generation: int) -> LinksRenewed:
    assert order.supporter_id is not None
    return LinksRenewed(
        event_id=an_event_id(),
        occurred_at=datetime.now(UTC),
        supporter_id=order.supporter_id,
        generation=generation,
        email=order.email or "",
        language="en",
        pledges=(),
    )
