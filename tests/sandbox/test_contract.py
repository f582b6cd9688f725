"""Names in and out are those of the installed `stripe` package: a typing mistake cannot pass."""

from typing import Any, Union, get_args, get_origin

import pytest
import stripe
import stripe.checkout
import stripe.radar
from stripe import params
from stripe.params import checkout

from deploy.sandbox.stripe_api import payment_intents, routes, schema, sessions
from deploy.sandbox.world import API_VERSION
from tests.sandbox.conftest import Sandbox, eventually

CLASSES: dict[str, Any] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "radar.early_fraud_warning": stripe.radar.EarlyFraudWarning,
    "refund": stripe.Refund,
    "setup_attempt": stripe.SetupAttempt,
    "setup_intent": stripe.SetupIntent,
}


def test_the_sandbox_speaks_the_version_the_package_pins() -> None:
    assert stripe.api_version == API_VERSION


def test_every_parameter_class_can_be_read_to_its_leaves() -> None:
    def leaves(node: schema.Node, depth: int) -> int:
        assert depth < 10
        if isinstance(node, schema.ListOf):
            return leaves(node.item, depth + 1)
        if isinstance(node, schema.Fields):
            return sum(leaves(each, depth + 1) for each in node.nodes.values())
        return 1

    counts = [leaves(schema.of(route.shape), 0) for route in routes.ROUTES]

    assert sum(counts) > 1_000


def test_the_schema_knows_what_this_version_removed_and_added() -> None:
    for shape in (checkout.SessionCreateParams, params.PaymentIntentCreateParams):
        names = schema.of(shape).nodes
        assert "payment_method_types" not in names
        assert "allowed_payment_method_types" in names
    ui_mode = schema.of(checkout.SessionCreateParams).nodes["ui_mode"]
    assert isinstance(ui_mode, schema.Leaf)
    assert set(ui_mode.choices) == {"elements", "embedded_page", "form", "hosted_page"}


@pytest.mark.parametrize(
    ("names", "shape"),
    [
        (sessions.MODELLED, checkout.SessionCreateParams),
        (sessions.NOT_IN_SETUP, checkout.SessionCreateParams),
        (sessions.NOT_WITH_ELEMENTS, checkout.SessionCreateParams),
        (payment_intents.CREATE, params.PaymentIntentCreateParams),
        (payment_intents.UPDATE, params.PaymentIntentUpdateParams),
    ],
)
def test_what_the_sandbox_plays_exists_at_stripe(names: tuple[str, ...], shape: type) -> None:
    assert set(names) <= set(schema.of(shape).nodes)


def wrong_names(value: Any, shape: Any, path: str) -> list[str]:
    """Return every name in `value` the class does not know, and every needed one not there."""
    if isinstance(value, list):
        return [fault for item in value for fault in wrong_names(item, shape, f"{path}[]")]
    if not isinstance(value, dict):
        return []
    kind = value.get("object")
    # The `data.object` of an event is an object itself, not the name of a kind.
    shape = CLASSES.get(kind, shape) if isinstance(kind, str) else shape
    if kind == "list":
        return wrong_names(value["data"], None, f"{path}.data")
    if shape is None:
        return []
    known = {name: hint for name, hint in shape.__annotations__.items() if name.islower()}
    inner = getattr(shape, "_inner_class_types", {})
    faults = [f"{path}.{name} is unknown" for name in value if name not in known]
    for name, annotation in known.items():
        is_optional = get_origin(annotation) is Union and type(None) in get_args(annotation)
        if not is_optional and name not in value:
            faults.append(f"{path}.{name} is missing")
    for name, part in value.items():
        faults += wrong_names(part, inner.get(name), f"{path}.{name}")
    return faults


def test_a_name_stripe_does_not_know_is_found_however_deep() -> None:
    charge = {"object": "charge", "outcome": {"typo": 1}}

    assert "charge.outcome.typo is unknown" in wrong_names(charge, None, "charge")


async def lively(sandbox: Sandbox) -> None:
    """Make every kind of object there is, in every state."""
    customer = await sandbox.customer()
    good = await sandbox.saved_card(customer)
    weak = await sandbox.saved_card(customer, "4000000000000341")
    bank = await sandbox.saved_card(customer, "4000002760003184")
    intent = await sandbox.intent(customer)
    for card in (weak, bank):
        with pytest.raises(stripe.CardError):
            await sandbox.confirm(intent, card)
    paid = await sandbox.confirm(intent, good)
    await sandbox.v1.refunds.create_async({"payment_intent": paid.id, "amount": 100})
    for act in ("dispute", "fraud-warning"):
        disputed = await sandbox.confirm(await sandbox.intent(customer), good)
        await sandbox.post(f"/sandbox/payment-intents/{disputed.id}/{act}", json={})
    waiting = await sandbox.intent(customer)
    await sandbox.confirm(waiting, bank, off_session=False, return_url="http://127.0.0.1/")
    await sandbox.v1.payment_intents.cancel_async((await sandbox.intent(customer)).id)
    await sandbox.complete((await sandbox.session(customer=customer)).id, "4000000000000002")
    await sandbox.v1.checkout.sessions.expire_async((await sandbox.session()).id)
    await sandbox.v1.payment_methods.detach_async(weak)
    await sandbox.v1.checkout.sessions.create_async(
        {
            "mode": "setup",
            "currency": "usd",
            "success_url": "http://127.0.0.1/",
            "shipping_address_collection": {"allowed_countries": ["US"]},
            "phone_number_collection": {"enabled": True},
            "custom_text": {"submit": {"message": "Soon"}},
        }
    )
    await eventually(
        lambda: sandbox.v1.events.list_async({"type": "charge.updated"}), lambda page: page.data
    )


async def test_answers_hold_only_names_the_package_knows(sandbox: Sandbox) -> None:
    await lively(sandbox)

    seen: set[str] = set()
    for path in (
        "/v1/customers?limit=100",
        "/v1/payment_intents?limit=100&expand[]=data.latest_charge.balance_transaction",
        "/v1/setup_intents?limit=100&expand[]=data.payment_method&expand[]=data.latest_attempt",
        "/v1/checkout/sessions?limit=100&expand[]=data.setup_intent&expand[]=data.customer",
        "/v1/charges?limit=100",
        "/v1/refunds?limit=100&expand[]=data.balance_transaction",
        "/v1/balance_transactions?limit=100",
        "/v1/disputes?limit=100&expand[]=data.charge",
        "/v1/radar/early_fraud_warnings?limit=100&expand[]=data.charge",
        "/v1/events?limit=100",
    ):
        page = (await sandbox.raw("GET", path)).json
        assert page["data"], path
        assert wrong_names(page, None, path) == []
        seen |= {str(value["object"]) for value in _objects(page)}
    assert set(CLASSES) <= seen


async def test_errors_hold_only_names_the_package_knows(sandbox: Sandbox) -> None:
    customer = await sandbox.customer()
    card = await sandbox.saved_card(customer, "4000000000000341")
    intent = await sandbox.intent(customer)
    path = f"/v1/payment_intents/{intent.id}/confirm"

    answer = await sandbox.raw("POST", path, f"payment_method={card}&off_session=true")

    error = answer.json["error"]
    assert set(error) <= set(stripe.ErrorObject.__annotations__)
    assert wrong_names(error, stripe.ErrorObject, "error") == []
    assert {"charge", "payment_intent", "payment_method", "decline_code", "doc_url"} <= set(error)


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in _objects(item)]
    if not isinstance(value, dict):
        return []
    inside = [found for part in value.values() for found in _objects(part)]
    return [value, *inside] if "object" in value else inside
