"""PaymentIntents: created, changed, cancelled, read. Confirming them is confirmations.py."""

import re
from typing import Any

from deploy.sandbox import ids
from deploy.sandbox.store import Obj
from deploy.sandbox.stripe_api import confirmations, customers, lists
from deploy.sandbox.stripe_api.call import Call, merged_metadata
from deploy.sandbox.stripe_api.errors import invalid, not_modelled, refused
from deploy.sandbox.world import public

AMOUNT_CENTS_MAX = 99_999_999
AMOUNT_CENTS_MIN = 50
# A PaymentIntent that is over can no longer be changed in what it charges.
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")

_PLAIN = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
)
CREATE = (
    *_PLAIN,
    "amount",
    "currency",
    "customer",
    "payment_method",
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "capture_method",
    "confirmation_method",
    "confirm",
    "off_session",
    "return_url",
)
# What a new PaymentIntent has not.
_NULL = (
    "application",
    "application_fee_amount",
    "canceled_at",
    "cancellation_reason",
    "customer_account",
    "excluded_payment_method_types",
    "last_payment_error",
    "latest_charge",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "processing",
    "review",
    "source",
    "transfer_data",
    "transfer_group",
)
UPDATE = (*_PLAIN, "amount", "currency", "customer", "payment_method")


def create(call: Call) -> Obj:
    params = call.params
    call.refuse_unmodelled(*CREATE)
    _check_amount(params)
    if params.get("off_session") and not params.get("confirm"):
        raise invalid(
            "You cannot set `off_session` to true without setting `confirm` to true.",
            param="off_session",
        )
    intent = _new(call)
    if "customer" in params:
        customers.find(call, params["customer"], param="customer")
    if "payment_method" in params:
        confirmations.usable_method(call, intent, params["payment_method"])
        intent.update(payment_method=params["payment_method"], status="requires_confirmation")
    call.put(intent)
    call.emit("payment_intent.created", intent)
    if params.get("confirm"):
        return confirmations.confirm(call, intent)
    return intent


def retrieve(call: Call) -> Obj:
    intent = find(call)
    secret = call.params.get("client_secret")
    if secret is not None and secret != intent["client_secret"]:
        raise invalid(
            "The client_secret provided does not match the client_secret associated with the"
            " PaymentIntent.",
            param="client_secret",
            code="resource_missing",
        )
    return intent


def update(call: Call) -> Obj:
    params = call.params
    call.refuse_unmodelled(*UPDATE)
    _check_amount(params)
    intent = find(call)
    if intent["status"] not in OPEN and any(name in params for name in UPDATE):
        raise refused(
            f"This PaymentIntent's {_first(params)} could not be updated because it has a status"
            f" of {intent['status']}. You may only update the {_first(params)} of a PaymentIntent"
            f" with one of the following statuses: {', '.join(OPEN)}.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    for name in (*_PLAIN, "amount", "currency"):
        if name in params:
            intent[name] = params[name] or None
    if "customer" in params:
        intent["customer"] = customers.find(call, params["customer"], param="customer")["id"]
    if "payment_method" in params:
        confirmations.usable_method(call, intent, params["payment_method"])
        intent.update(payment_method=params["payment_method"], status="requires_confirmation")
    intent["metadata"] = merged_metadata(intent["metadata"], params.get("metadata"))
    call.put(intent)
    return intent


def confirm(call: Call) -> Obj:
    call.refuse_unmodelled(
        "payment_method", "off_session", "return_url", "receipt_email", "capture_method"
    )
    intent = find(call)
    if "receipt_email" in call.params:
        intent["receipt_email"] = call.params["receipt_email"] or None
    if "capture_method" in call.params:
        intent["capture_method"] = _capture_method(call.params)
    return confirmations.confirm(call, intent)


def cancel(call: Call) -> Obj:
    intent = find(call)
    if intent["status"] not in OPEN:
        raise refused(
            "You cannot cancel this PaymentIntent because it has a status of"
            f" {intent['status']}. Only a PaymentIntent with one of the following statuses may be"
            " canceled: requires_payment_method, requires_capture, requires_confirmation,"
            " requires_action, processing.",
            code="payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    intent.update(
        status="canceled",
        canceled_at=call.now,
        cancellation_reason=call.params.get("cancellation_reason"),
        next_action=None,
    )
    call.put(intent)
    call.emit("payment_intent.canceled", intent)
    return intent


def list_(call: Call) -> Obj:
    call.refuse_unmodelled("created", "customer", "limit", "starting_after", "ending_before")
    return lists.of(call, "payment_intent", by="customer")


def find(call: Call) -> Obj:
    return call.find("payment_intent", call.id, param="intent")


def _new(call: Call) -> Obj:
    params = call.params
    intent_id = ids.new_id("pi")
    return {
        **dict.fromkeys(_NULL),
        "id": intent_id,
        "object": "payment_intent",
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": _automatic(params),
        "capture_method": _capture_method(params),
        "client_secret": ids.client_secret(intent_id),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": call.now,
        "currency": params["currency"].lower(),
        "customer": params.get("customer"),
        "description": params.get("description"),
        "livemode": False,
        "metadata": merged_metadata(None, params.get("metadata")),
        "payment_method_options": {
            "card": {
                "installments": None,
                "mandate_options": None,
                "network": None,
                "request_three_d_secure": "automatic",
            }
        },
        "payment_method_types": ["card"],
        "receipt_email": params.get("receipt_email"),
        "setup_future_usage": params.get("setup_future_usage"),
        "shipping": params.get("shipping"),
        "statement_descriptor": params.get("statement_descriptor"),
        "statement_descriptor_suffix": params.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "_attempts": 0,
        "_may_redirect": _may_redirect(params),
        "_return_url": params.get("return_url"),
        "_idempotency_key": call.cause.idempotency_key,
    }


def _automatic(params: dict[str, Any]) -> Obj | None:
    given = params.get("automatic_payment_methods")
    types = params.get("allowed_payment_method_types")
    if types is not None and "card" not in types:
        raise not_modelled("payment methods other than cards", param="allowed_payment_method_types")
    if given and given["enabled"] and types is not None:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods,"
            " allowed_payment_method_types.",
            param="automatic_payment_methods",
        )
    if given is not None:
        return {"allow_redirects": given.get("allow_redirects", "always"), **given}
    return None if types is not None else {"allow_redirects": "always", "enabled": True}


def _may_redirect(params: dict[str, Any]) -> bool:
    """Return whether the caller asked for methods that may leave the page.

    Without the parameter Stripe goes by the Dashboard; ours has cards only.
    """
    given = params.get("automatic_payment_methods") or {}
    return bool(given.get("enabled") and given.get("allow_redirects") != "never")


def _capture_method(params: dict[str, Any]) -> str:
    method = str(params.get("capture_method", "automatic_async"))
    if method == "manual":
        raise not_modelled("capture_method manual", param="capture_method")
    return method


def _check_amount(params: dict[str, Any]) -> None:
    amount = params.get("amount")
    if amount is not None and amount < AMOUNT_CENTS_MIN:
        raise invalid(
            "The amount must be greater than or equal to the minimum charge amount allowed for"
            " your account and the currency set.",
            param="amount",
            code="amount_too_small" if amount > 0 else "parameter_invalid_integer",
        )
    if amount is not None and amount > AMOUNT_CENTS_MAX:
        raise invalid(
            "Amount must be no more than $999,999.99.", param="amount", code="amount_too_large"
        )
    currency = params.get("currency")
    if currency is not None and not re.fullmatch(r"[A-Za-z]{3}", currency):
        raise invalid(f"Invalid currency: {currency}.", param="currency")


def _first(params: dict[str, Any]) -> str:
    return next(name for name in UPDATE if name in params)
