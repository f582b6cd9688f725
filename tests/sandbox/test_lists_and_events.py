"""Stripe's lists page by page, its expansions, and the events behind everything."""

import pytest
import stripe

from tests.sandbox.conftest import Sandbox


async def test_lists_go_page_by_page_in_both_directions(sandbox: Sandbox) -> None:
    ids = [(await sandbox.customer(f"{n}@example.org")) for n in range(5)]
    customers = sandbox.v1.customers

    first = await customers.list_async({"limit": 2})
    second = await customers.list_async({"limit": 2, "starting_after": first.data[-1].id})
    last = await customers.list_async({"limit": 2, "starting_after": second.data[-1].id})
    back = await customers.list_async({"limit": 2, "ending_before": last.data[0].id})
    everyone = [each.id async for each in (await customers.list_async()).auto_paging_iter()]

    assert [each.id for each in first.data] == [ids[4], ids[3]]
    assert [each.id for each in second.data] == [ids[2], ids[1]]
    assert [each.id for each in last.data] == [ids[0]]
    assert [each.id for each in back.data] == [ids[2], ids[1]]
    assert (first.has_more, second.has_more, last.has_more) == (True, True, False)
    assert everyone == list(reversed(ids))


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_x"}])
async def test_a_page_that_cannot_be_is_refused(
    sandbox: Sandbox, params: dict[str, object]
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        await sandbox.v1.customers.list_async(params)


async def test_lists_are_filtered_by_when_things_were_created(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    old = await sandbox.intent(customer)
    await sandbox.move_clock(advance="P1D")
    new = await sandbox.intent(customer)
    intents = sandbox.v1.payment_intents

    since = await intents.list_async({"created": {"gte": old.created + 1}, "customer": customer})
    until = await intents.list_async({"created": {"lt": new.created}})
    exactly = await intents.list_async({"created": new.created})

    assert [each.id for each in since.data] == [new.id]
    assert [each.id for each in until.data] == [old.id]
    assert [each.id for each in exactly.data] == [new.id]


async def test_what_cannot_be_expanded_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        await sandbox.session(expand=["metadata.order"])


async def test_lists_expand_their_items(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    await sandbox.saved_card(customer)

    page = await sandbox.v1.checkout.sessions.list_async(
        {"expand": ["data.setup_intent.payment_method"]}
    )

    assert page.data[0].setup_intent.payment_method.card.last4 == "4242"


async def test_events_are_filtered_and_carry_what_caused_them(sandbox: Sandbox) -> None:
    customer = await sandbox.v1.customers.create_async({}, {"idempotency_key": "cus:1"})
    await sandbox.v1.customers.update_async(customer.id, {"name": "Ana"})
    await sandbox.session(customer=customer.id)

    created = await sandbox.v1.events.list_async({"type": "customer.created"})
    of_customers = await sandbox.v1.events.list_async({"type": "customer.*"})
    two = await sandbox.v1.events.list_async(
        {"types": ["customer.updated", "setup_intent.created"]}
    )
    event = await sandbox.v1.events.retrieve_async(created.data[0].id)

    assert [each.type for each in of_customers.data] == ["customer.updated", "customer.created"]
    assert [each.type for each in two.data] == ["setup_intent.created", "customer.updated"]
    assert of_customers.data[0].data.previous_attributes.to_dict() == {"name": None}
    assert event.request.idempotency_key == "cus:1"
    assert event.request.id.startswith("req_")
    assert event.api_version == "2026-10-28.endive"
    assert event.data.object.id == customer.id


async def test_events_older_than_30_days_are_no_longer_listed(sandbox: Sandbox) -> None:
    await sandbox.customer()
    await sandbox.move_clock(advance="P31D")

    assert await sandbox.event_types() == []


async def test_a_deleted_customer_is_gone_and_their_cards_with_them(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer)
    deleted = await sandbox.v1.customers.delete_async(customer)
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        await sandbox.intent(customer)

    assert deleted.deleted is True
    assert (await sandbox.v1.customers.retrieve_async(customer)).deleted is True
    assert (await sandbox.v1.payment_methods.retrieve_async(card)).customer is None
