"""Payment methods: saved cards, attached to a customer and detached again."""

from typing import Any

from deploy.sandbox import cards, ids, outcomes
from deploy.sandbox.cards import Card
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import customers, lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import card_error, invalid, refused

_SPENT = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached"
    " from a Customer, and may not be used again."
)


def new(
    now: int, card: Card, *, exp_month: int, exp_year: int, billing_details: Obj | None = None
) -> Obj:
    """Return the payment method of a test card. It knows the card by its key, not its number."""
    return {
        "id": ids.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": billing_details or empty_billing_details(),
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": card.country,
            "display_brand": "american_express" if card.brand == "amex" else card.brand,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": card.fingerprint,
            "funding": card.funding,
            "generated_from": None,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": card.brand in ("visa", "mastercard")},
            "wallet": None,
        },
        "created": now,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_card": card.key,
        # Saved with a SetupIntent for charges the person is not there for.
        "_is_set_up": False,
        # Used without a customer, or detached: never usable again.
        "_is_spent": False,
    }


def empty_billing_details(**known: Any) -> Obj:
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    return {
        "address": address,
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
        **known,
    }


def card_of(method: Obj) -> Card:
    return cards.BY_KEY[method["_card"]]


def retrieve(call: Call) -> Obj:
    return call.find("payment_method", call.ids[-1], name="PaymentMethod")


def retrieve_of_customer(call: Call) -> Obj:
    method = retrieve(call)
    customer = customers.find(call, call.ids[0])
    if method["customer"] != customer["id"]:
        raise refused(
            f"The customer does not have a payment method with the ID {method['id']}.",
            code="resource_missing",
        )
    return method


def list_(call: Call) -> Obj:
    if "customer" not in call.params:
        raise invalid("Missing required param: customer.", param="customer")
    return _page(call, call.params["customer"])


def list_of_customer(call: Call) -> Obj:
    return _page(call, call.ids[0])


def update(call: Call) -> Obj:
    call.refuse_unmodelled("allow_redisplay", "billing_details", "card")
    method = retrieve(call)
    if method["customer"] is None:
        raise refused(
            "You must save this PaymentMethod to a customer before you can update it.",
            code="payment_method_unexpected_state",
        )
    method["metadata"] = merged_metadata(method["metadata"], call.params.get("metadata"))
    method["allow_redisplay"] = call.params.get("allow_redisplay", method["allow_redisplay"])
    for name in ("exp_month", "exp_year"):
        if name in (renewed := call.params.get("card") or {}):
            method["card"][name] = renewed[name]
    for name, value in (call.params.get("billing_details") or {}).items():
        method["billing_details"][name] = (
            customers.whole_address(value or {}) if name == "address" else value or None
        )
    call.put(method)
    call.emit("payment_method.updated", method)
    return method


def attach(call: Call) -> Obj:
    """Attach a card. The ids of Stripe's test table (`pm_card_visa`) make a new one."""
    call.refuse_unmodelled("customer")
    if "customer" not in call.params:
        raise invalid("Missing required param: customer.", param="customer")
    customer = customers.find(call, call.params["customer"], param="customer")
    magic = cards.BY_MAGIC_ID.get(call.id)
    if magic is not None:
        method = new(call.now, magic, exp_month=11, exp_year=call.year_and_month[0] + 1)
    else:
        method = retrieve(call)
    if method["customer"] == customer["id"]:
        return method
    if method["customer"] is not None:
        raise refused(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if method["_is_spent"]:
        raise refused(_SPENT, code="payment_method_unexpected_state")
    outcome = outcomes.of_saving(card_of(method), is_authenticated=True)
    if isinstance(outcome, outcomes.Declined):
        raise card_error(
            outcome.code,
            outcome.message,
            decline_code=outcome.decline_code,
            advice_code=outcome.advice_code,
        )
    attach_to(call, method, customer["id"])
    return method


def attach_to(call: Call, method: Obj, customer_id: str) -> None:
    method["customer"] = customer_id
    call.put(method)
    call.emit("payment_method.attached", method)


def detach(call: Call) -> Obj:
    method = retrieve(call)
    if method["customer"] is None:
        raise refused(
            "The payment method you provided is not attached to a customer so detachment is"
            " impossible.",
            code="payment_method_unexpected_state",
        )
    customer_id = method["customer"]
    method.update(customer=None, _is_spent=True)
    call.put(method)
    call.emit("payment_method.detached", method, previous={"customer": customer_id})
    return method


def _page(call: Call, customer_id: str) -> Obj:
    call.refuse_unmodelled(
        "customer", "type", "allow_redisplay", "limit", "starting_after", "ending_before"
    )
    customers.find(call, customer_id, param="customer")
    call.params["customer"] = customer_id
    wanted = call.params.get("type", "card")
    redisplay = call.params.get("allow_redisplay")
    return lists.of(
        call,
        "payment_method",
        by="customer",
        where=lambda method: (
            method["type"] == wanted and redisplay in (None, method["allow_redisplay"])
        ),
    )
